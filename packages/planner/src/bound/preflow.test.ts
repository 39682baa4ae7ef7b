import { expect, test } from 'vitest'
import { Random } from '../strategy/random.ts'
import { type Network, Preflow } from './preflow.ts'

interface Arc {
  readonly from: number
  readonly to: number
  readonly room: number
}

function networkOf(nodes: number, arcs: readonly Arc[]): { network: Network; room: number[] } {
  const ends = arcs.flatMap((arc, i) => [
    { at: arc.from, to: arc.to, room: arc.room, arc: i },
    { at: arc.to, to: arc.from, room: 0, arc: i },
  ])
  const sorted = ends.toSorted((a, b) => a.at - b.at)
  const first = Int32Array.from({ length: nodes + 1 }, (_, u) => sorted.filter(e => e.at < u).length)
  const back = sorted.map(e => sorted.findIndex(o => o.arc === e.arc && o !== e))
  return {
    network: { nodes, first, head: Int32Array.from(sorted, e => e.to), back: Int32Array.from(back) },
    room: sorted.map(e => e.room),
  }
}

/** The least of all cuts, by trying every set of nodes on the sink's side; and the fewest such nodes it needs. */
function leastCut(
  nodes: number,
  arcs: readonly Arc[],
  fed: readonly number[],
  drain: readonly number[],
): { value: number; sinkSide: number } {
  let least = { value: Number.POSITIVE_INFINITY, sinkSide: 0 }
  const size = (set: number): number => set.toString(2).replaceAll('0', '').length
  for (let set = 0; set < 1 << nodes; set++) {
    const drains = (u: number): boolean => (set & (1 << u)) !== 0
    let value = 0
    for (let u = 0; u < nodes; u++) value += drains(u) ? fed[u]! : drain[u]!
    for (const { from, to, room } of arcs) if (!drains(from) && drains(to)) value += room
    const closer = value === least.value && size(set) < size(least.sinkSide)
    if (value < least.value || closer) least = { value, sinkSide: set }
  }
  return least
}

test('the flow is the smallest cut, and the cut that with fewest nodes on the side of the sink', () => {
  const random = new Random(7)
  for (let k = 0; k < 400; k++) {
    const nodes = 1 + random.below(7)
    const arcs: Arc[] = []
    for (let i = random.below(3 * nodes); i > 0 && nodes > 1; i--) {
      const from = random.below(nodes)
      const to = (from + 1 + random.below(nodes - 1)) % nodes
      arcs.push({ from, to, room: random.below(5) === 0 ? Number.POSITIVE_INFINITY : random.below(9) })
    }
    const some = (): number[] =>
      Array.from({ length: nodes }, () => (random.below(2) === 0 ? 0 : random.below(12)))
    const [fed, drain] = [some(), some()]
    const { network, room } = networkOf(nodes, arcs)
    const flow = new Preflow(network)
    // Twice: nothing is left over from a run.
    for (let again = 0; again < 2; again++) {
      flow.room.set(room)
      flow.excess.set(fed)
      flow.drain.set(drain)
      flow.run(1e6)
      const { value, sinkSide } = leastCut(nodes, arcs, fed, drain)
      expect(flow.drained).toBe(value)
      for (let u = 0; u < nodes; u++) expect(flow.drains(u), `run ${k}`).toBe((sinkSide & (1 << u)) !== 0)
    }
    // Stopped early, less has drained.
    flow.room.set(room)
    flow.excess.set(fed)
    flow.drain.set(drain)
    flow.run(random.below(20))
    expect(flow.drained).toBeLessThanOrEqual(leastCut(nodes, arcs, fed, drain).value)
  }
})
