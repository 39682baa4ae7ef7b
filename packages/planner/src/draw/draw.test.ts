import { describe, expect, test } from 'vitest'
import { curve } from '../curve/curve.ts'
import type { Dag, Plan } from '../dag/dag.ts'
import { parseDag } from '../dag/parse.ts'
import { layOut } from '../layout/lay-out.ts'
import { ladder } from '../plan/ladder.ts'
import { plan } from '../plan/plan.ts'
import { fixture } from '../testing/fixtures.ts'
import { randomDag } from '../testing/random-dag.ts'
import { drawCurve } from './curve.ts'
import { draw } from './plan.ts'
import { showBytes, ticks } from './units.ts'

/** Tags that open and do not close, or the other way round; numbers that are none. */
function flaws(svg: string): string[] {
  const open: string[] = []
  const found: string[] = [...(svg.match(/="[^"]*(NaN|undefined|Infinity)[^"]*"/g) ?? [])]
  for (const [tag, closing, name, alone] of svg.matchAll(/<(\/?)([a-z]+)[^>]*?(\/?)>/g)) {
    if (alone === '/') continue
    if (closing !== '/') open.push(name!)
    else if (open.pop() !== name) found.push(tag)
  }
  return [...found, ...open]
}

const chain = parseDag(fixture('chain-hetero-32')).dag

describe('the picture of a plan', () => {
  const found = plan(chain, { budget: 900, iterations: 4 })

  test('has a block for each stay of a value in the arena', () => {
    const svg = draw(chain, layOut(chain, found), { name: 'a < b & "c"', budget: 900 })
    expect(flaws(svg)).toEqual([])
    const runs = found.steps.filter(s => 'run' in s).length
    expect(svg.match(/class="block /g)).toHaveLength(runs)
    expect(svg.match(/class="block again"/g)).toHaveLength(runs - chain.tasks.length)
    expect(svg).toContain('a &lt; b &amp; &quot;c&quot;')
    expect(svg).toContain('budget: 900 B')
    expect(svg).toContain('@media (prefers-color-scheme: dark)')
  })

  test('shows live bytes where there are no offsets', () => {
    const svg = draw(chain, found)
    expect(flaws(svg)).toEqual([])
    expect(svg).not.toContain('class="block')
    expect(svg).toContain('bytes that live')
  })

  test('can be drawn of anything', () => {
    for (let seed = 0; seed < 30; seed++) {
      const dag = randomDag(seed, { tasks: 12 })
      for (const one of [...ladder(dag)].slice(-1)) expect(flaws(draw(dag, one))).toEqual([])
    }
    const nothing: Dag = { values: [], tasks: [], outputs: [] }
    expect(flaws(draw(nothing, plan(nothing, { budget: 0 })))).toEqual([])
  })

  test('leaves out what nobody could see of a very long plan', () => {
    const count = 20_000
    const long: Dag = {
      values: Array.from({ length: count }, () => ({ bytes: 1 })),
      tasks: Array.from({ length: count }, (_, i) => ({ cost: 1, reads: i > 0 ? [i - 1] : [], writes: [i] })),
      outputs: [count - 1],
    }
    const steps = long.tasks.flatMap((_, i) => [
      { run: i, at: [[i, i % 2]] as [number, number][] },
      ...(i > 0 ? [{ free: i - 1 }] : []),
    ])
    const costs = { cost: count, baseCost: count, lowerBound: count }
    const svg = draw(long, { pinned: [], steps, choice: [], peakBytes: 2, arenaBytes: 2, ...costs } as Plan)
    expect(svg).toContain('14000 smaller blocks are left out')
    expect(svg.length).toBeLessThan(2_000_000)
  })
})

describe('the picture of a curve', () => {
  test('marks the smallest budget, and every point', () => {
    const found = curve(chain, { points: 5, iterations: 2 })
    const svg = drawCurve(found, { name: 'chain' })
    expect(flaws(svg)).toEqual([])
    expect(svg.match(/<circle/g)).toHaveLength(5)
    expect(svg).toContain(`smallest that works: ${showBytes(found.smallest)} (22.9 %)`)
    expect(svg).toContain('budget, KiB')
  })

  test('is one even where there is nothing to show', () => {
    const nothing: Dag = { values: [], tasks: [], outputs: [] }
    expect(flaws(drawCurve(curve(nothing)))).toEqual([])
    expect(flaws(drawCurve(curve(chain, { budgets: [1], iterations: 1 })))).toEqual([])
  })
})

test.each([
  [0, 10, 5, [0, 2, 4, 6, 8, 10]],
  [0.31, 0.52, 5, [0.35, 0.4, 0.45, 0.5]],
  [3, 3, 5, [3]],
  [1234, 5678, 3, [2000, 4000]],
])('ticks from %d to %d', (from, to, count, expected) => {
  expect(ticks(from, to, count)).toEqual(expected)
})
