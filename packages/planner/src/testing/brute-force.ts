import type { Dag, RunStep, Step } from '../dag/dag.ts'

/**
 * The cheapest of all schedules within `budget` live bytes, whatever its order, recomputations, frees, in-place pairs and
 * donations, under the first option of each choice; undefined if there is none. A shortest path over all states (which
 * values live, which of them in a pinned buffer, which `once` tasks have run), so only for a few tasks.
 */
export function cheapest(dag: Dag, budget: number): { cost: number; steps: Step[] } | undefined {
  const states = new States(dag, budget)
  if (!states.fits(states.start)) return undefined
  const queue = new Map<number, Map<string, State>>()
  const done = new Set<string>()
  const push = (cost: number, state: State): void => {
    const key = `${state.live},${state.homed},${state.ran}`
    if (done.has(key)) return
    const bucket = queue.get(cost) ?? new Map<string, State>()
    queue.set(cost, bucket.set(key, state))
  }
  push(0, states.start)
  while (queue.size > 0) {
    const cost = Math.min(...queue.keys())
    const bucket = queue.get(cost)!
    // A bucket grows while it is walked: frees cost nothing.
    for (const [key, state] of bucket) {
      if (done.has(key)) continue
      done.add(key)
      if (states.isGoal(state)) return { cost, steps: wayTo(state) }
      states.moves(state, (more, step, next) => push(cost + more, { ...next, way: { step, from: state } }))
    }
    queue.delete(cost)
  }
  return undefined
}

/** Bit sets: of values that live, of those that live in a pinned buffer, of `once` tasks that have run. */
interface State {
  readonly live: number
  readonly homed: number
  readonly ran: number
  /** How it was reached first. */
  readonly way?: { readonly step: Step; readonly from: State }
}

type Found = (cost: number, step: Step, next: State) => void

function wayTo(state: State): Step[] {
  const steps: Step[] = []
  for (let way = state.way; way !== undefined; way = way.from.way) steps.push(way.step)
  return steps.reverse()
}

class States {
  readonly #dag: Dag
  readonly #budget: number
  readonly #off: ReadonlySet<number>
  readonly #pinnedBytes: number
  /** Successor → pinned value. */
  readonly #home = new Map<number, number>()
  readonly start: State

  constructor(dag: Dag, budget: number) {
    if (dag.values.length > 30 || dag.tasks.length > 30) throw new RangeError('too large for brute force')
    this.#dag = dag
    this.#budget = budget
    this.#off = new Set((dag.choices ?? []).flatMap(c => c.options[0]!.off))
    this.#pinnedBytes = dag.values.reduce((n, v) => (v.pinned === true ? n + v.bytes : n), 0)
    for (const { pinned, value } of dag.next ?? []) this.#home.set(value, pinned)
    let live = 0
    for (const [v, value] of dag.values.entries())
      if (value.pinned === true || value.input === true) live |= 1 << v
    this.start = { live, homed: 0, ran: 0 }
  }

  fits({ live, homed }: State): boolean {
    return this.#bytes(live, homed) <= this.#budget
  }

  isGoal({ live, homed }: State): boolean {
    for (const v of this.#dag.outputs) if ((live & (1 << v)) === 0) return false
    for (const v of this.#home.keys()) if ((homed & (1 << v)) === 0) return false
    return true
  }

  moves(state: State, found: Found): void {
    const { live, homed, ran } = state
    for (const [v, value] of this.#dag.values.entries()) {
      const bit = 1 << v
      if ((live & bit) === 0 || value.pinned === true || (homed & bit) !== 0) continue
      found(0, { free: v }, { live: live & ~bit, homed, ran })
      const entry = (this.#dag.next ?? []).find(n => n.value === v)
      if (entry !== undefined)
        found(entry.copyCost, { commit: entry.pinned }, { live, homed: homed | bit, ran })
    }
    for (const [t, task] of this.#dag.tasks.entries()) {
      if (this.#off.has(t) || (ran & (1 << t)) !== 0) continue
      if (task.reads.every(v => (live & (1 << v)) !== 0 && !this.#isOld(v, homed))) this.#run(t, state, found)
    }
  }

  /** Whether a pinned value's old content is gone. */
  #isOld(v: number, homed: number): boolean {
    for (const [w, p] of this.#home) if (p === v && (homed & (1 << w)) !== 0) return true
    return false
  }

  #bytes(live: number, homed: number): number {
    let sum = this.#pinnedBytes
    for (const [v, value] of this.#dag.values.entries())
      if (value.pinned !== true && (live & (1 << v)) !== 0 && (homed & (1 << v)) === 0) sum += value.bytes
    return sum
  }

  /** All ways to place the results of a run: each new one apart, over a listed place, or in its buffer. */
  #run(t: number, { live, homed, ran }: State, found: Found): void {
    const task = this.#dag.tasks[t]!
    const base = this.#bytes(live, homed) + (task.workspace ?? 0)
    const fresh = task.writes.filter(w => (live & (1 << w)) === 0)
    const nextRan = task.once === true ? ran | (1 << t) : ran
    type Replaces = NonNullable<RunStep['replaces']>
    const choose = (i: number, bytes: number, ends: number, homes: number, replaces: Replaces): void => {
      const w = fresh[i]
      if (w === undefined) {
        const made = fresh.reduce((bits, v) => bits | (1 << v), live)
        const next = { live: made & ~ends, homed: homed | homes, ran: nextRan }
        if (bytes <= this.#budget) found(task.cost, { run: t, replaces }, next)
        return
      }
      choose(i + 1, bytes + this.#dag.values[w]!.bytes, ends, homes, replaces)
      const listed = (task.inPlace ?? []).filter(([, r]) => r === w).map(([p]) => p)
      for (const p of listed) {
        const bit = 1 << p
        if (this.#dag.values[p]!.pinned === true || (homed & bit) !== 0 || (ends & bit) !== 0) continue
        choose(i + 1, bytes, ends | bit, homes, [...replaces, [w, p]])
      }
      const home = this.#home.get(w)
      if (home !== undefined && (!task.reads.includes(home) || listed.includes(home)))
        choose(i + 1, bytes, ends, homes | (1 << w), [...replaces, [w, home]])
    }
    choose(0, base, 0, 0, [])
  }
}
