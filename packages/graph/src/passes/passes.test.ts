import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { evaluate } from '../evaluate/index.ts'
import type { Graph, Node } from '../graph.ts'
import { randomGraph } from '../testing/random-graph.ts'
import { randomInputs } from '../testing/random-inputs.ts'
import { firstDifference } from '../testing/same-bits.ts'
import { bytesOf, f32, type Type } from '../type.ts'
import { validateGraph } from '../validate/index.ts'
import {
  commonSubexpressions,
  deadCode,
  dropStopGradient,
  foldConstants,
  identities,
  simplify,
} from './index.ts'

const passes = { commonSubexpressions, deadCode, dropStopGradient, foldConstants, identities, simplify }

const full = process.env.STINT_FULL === '1'
const settings = { seed: 41, numRuns: full ? 800 : 80 }

const randomGraphs = fc
  .record({
    seed: fc.nat(),
    nodes: fc.integer({ min: 5, max: 80 }),
    dtype: fc.constantFrom('f32' as const, 'f64' as const),
    state: fc.boolean(),
  })
  .map(({ seed, ...options }) => ({ seed, graph: randomGraph(seed, options) }))

/** The same graph with every value that it computes for an output, so that no difference goes unseen. */
function observed(graph: Graph): Graph {
  return { ...graph, outputs: graph.values.map((_, value) => ({ name: `%${value}`, value })) }
}

type Numbers = ReturnType<typeof evaluate>

const show = (x: number | undefined) => (Object.is(x, -0) ? '-0' : String(x))

/** Throws at the first output or state that is not the same, bit for bit. */
function expectSame(a: Numbers, b: Numbers, pass: string): void {
  for (const kind of ['outputs', 'state'] as const) {
    expect(Object.keys(b[kind])).toEqual(Object.keys(a[kind]))
    for (const [name, data] of Object.entries(a[kind])) {
      const other = b[kind][name] as typeof data
      const at = firstDifference(data, other)
      if (at !== undefined)
        throw new Error(`${pass}: ${name}[${at}] was ${show(data[at])} and became ${show(other[at])}`)
    }
  }
}

function constantBytes({ constants, values }: Graph): number {
  return constants.reduce((sum, { value }) => sum + bytesOf(values[value] as Type), 0)
}

/** What is fed and read, ids aside. */
function interfaceOf({ name, inputs, state, outputs }: Graph) {
  return [
    name,
    inputs.map(i => [i.name, i.range]),
    state.map(s => [s.path, s.role, s.next === undefined]),
    outputs.map(o => o.name),
  ]
}

vi.setConfig({ testTimeout: full ? 600_000 : 60_000 })

describe('every pass', () => {
  test('changes no bit of any output or state of random graphs', () => {
    fc.assert(
      fc.property(randomGraphs, fc.boolean(), ({ seed, graph: given }, everything) => {
        const graph = everything ? observed(given) : given
        for (const special of [false, true]) {
          const fed = randomInputs(graph, seed, { special })
          const plain = evaluate(graph, fed)
          for (const [name, pass] of Object.entries(passes))
            expectSame(plain, evaluate(pass(graph), fed), name)
        }
      }),
      settings,
    )
  })

  test('gives valid graphs, adds no constant bytes, and leaves the given graph and its interface alone', () => {
    fc.assert(
      fc.property(randomGraphs, ({ graph }) => {
        const before = structuredClone(graph)
        for (const pass of Object.values(passes)) {
          const after = validateGraph(pass(graph))
          expect(constantBytes(after)).toBeLessThanOrEqual(constantBytes(graph))
          expect(interfaceOf(after)).toEqual(interfaceOf(graph))
        }
        expect(graph).toEqual(before)
      }),
      { ...settings, numRuns: settings.numRuns / 4 },
    )
  })

  test('comes to an end, and then gives back the same graph', () => {
    fc.assert(
      fc.property(randomGraphs, ({ graph }) => {
        for (const pass of Object.values(passes)) {
          let [before, after] = [graph, pass(graph)]
          for (let rounds = 0; after !== before; rounds++) {
            expect(rounds).toBeLessThan(10)
            before = after
            after = pass(before)
          }
        }
      }),
      { ...settings, numRuns: settings.numRuns / 4 },
    )
  })
})

describe('simplify', () => {
  test('needs one call, and leaves fewer nodes', () => {
    let [before, after] = [0, 0]
    fc.assert(
      fc.property(randomGraphs, ({ graph }) => {
        const simple = simplify(graph)
        expect(simplify(simple)).toBe(simple)
        before += graph.nodes.length
        after += simple.nodes.length
      }),
      { ...settings, numRuns: settings.numRuns / 4 },
    )
    expect(after).toBeLessThan(0.8 * before)
  })

  test('takes time in proportion to the nodes', () => {
    const chain = (n: number) => {
      const nodes = Array.from(
        { length: n },
        (_, i): Node => ({
          op: i % 3 === 0 ? 'neg' : i % 3 === 1 ? 'exp' : 'transpose',
          attrs: i % 3 === 2 ? { perm: [0] } : {},
          inputs: [i],
          results: [i + 1],
        }),
      )
      const values = Array.from({ length: n + 1 }, () => f32(2))
      const inputs = [{ name: 'x', value: 0 }]
      return {
        name: 'chain',
        values,
        inputs,
        state: [],
        constants: [],
        outputs: [{ name: 'y', value: n }],
        nodes,
      }
    }
    const time = (n: number) => {
      const graph = chain(n)
      const start = process.cpuUsage()
      expect(simplify(graph).nodes).toHaveLength((2 * n) / 3)
      return process.cpuUsage(start).user / 1000
    }
    time(3000)
    const small = Math.min(time(3000), time(3000), time(3000))
    // Ten times the nodes; a quadratic pass would take a hundred times as long.
    expect(time(30000)).toBeLessThan(40 * Math.max(small, 5))
  })
})
