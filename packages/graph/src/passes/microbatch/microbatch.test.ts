import { describe, expect, test } from 'vitest'
import { evaluate } from '../../evaluate/index.ts'
import { conv } from '../../functions/convolution.ts'
import { iota, randomUniform } from '../../functions/generator.ts'
import { take } from '../../functions/indexing.ts'
import { concat } from '../../functions/movement.ts'
import type { Graph } from '../../graph.ts'
import { randomInputs } from '../../testing/random-inputs.ts'
import { checkpoint } from '../../trace/hints.ts'
import { scope, setState, state, type Traceable, trace } from '../../trace/trace.ts'
import type { Value } from '../../trace/value.ts'
import { f32, i32, type Type } from '../../type.ts'
import { validateGraph } from '../../validate/index.ts'
import { simplify } from '../simplify.ts'
import { microbatch, microbatchCounts } from './microbatch.ts'

const batch = f32(12, 2, 6)
const graphOf = (fn: Traceable, ...more: Type[]): Graph => simplify(trace(fn, [batch, ...more]).graph)

/** Outputs and state of both, and the largest difference relative to the largest number. */
function compare(graph: Graph, options: Parameters<typeof microbatch>[1]): number {
  const cut = microbatch(graph, options)
  validateGraph(cut)
  const fed = randomInputs(graph, 3)
  const [want, got] = [evaluate(graph, fed), evaluate(cut, fed)]
  let most = 0
  for (const part of ['outputs', 'state'] as const)
    for (const [name, array] of Object.entries(want[part])) {
      const scale = Math.max(1e-9, ...Array.from(array, x => Math.abs(x)))
      for (const [i, x] of array.entries()) most = Math.max(most, Math.abs(x - got[part][name]![i]!) / scale)
    }
  return most
}

describe('what is computed of each example', () => {
  test.each<[string, Traceable, ...Type[]]>([
    ['elementwise, with what all share', (x, w) => x.mul(w).exp().add(1), f32(2, 6)],
    [
      'reshaped, transposed and back',
      x => x.reshape([4, 3, 12]).reshape([12, 12]).transpose().exp().transpose(),
    ],
    ['joined with a sequence axis', x => x.reshape([24, 6]).softmax(1).reshape([12, 2, 6])],
    ['moved within', x => concat([x.flip(2), x.slice([0, 1, 0], [12, 2, 5]).pad([0, 1, 0], [0, 0, 1])], 1)],
    [
      'products with shared matrices',
      (x, w) => x.matmul(w).transpose([1, 0, 2]).matmul(w.transpose()),
      f32(6, 3),
    ],
    ['products of examples', x => x.matmul(x.transpose([0, 2, 1]))],
    ['reductions of examples', x => [x.sum(2), x.max(1), x.mean([1, 2])]],
    ['convolution and pooling', (x, w) => conv(x.reshape([12, 2, 3, 2]), w, { padding: 1 }), f32(4, 2, 3, 3)],
    [
      'the index',
      x =>
        iota([12, 2, 6], 0, 'f32')
          .add(iota([12, 2, 6], 2, 'f32'))
          .mul(x),
    ],
    [
      'random numbers',
      (x, seed) =>
        randomUniform(seed, seed, [12, 2, 6], { key: [1, 2] })
          .ge(0.5)
          .where(x, 0),
      i32(),
    ],
  ])('has the same bits: %s', (_, fn, ...more) => {
    const inputs = ['0']
    for (const count of [2, 3, 12]) expect(compare(graphOf(fn, ...more), { count, inputs })).toBe(0)
    expect(compare(graphOf(fn, ...more), { rows: 5, inputs })).toBe(0)
  })

  test('reads rows of a table', () => {
    const graph = trace((i: Value, table: Value) => take(table, i, 0), [i32(12), f32(4, 3)]).graph
    expect(compare(graph, { count: 4, inputs: ['0'] })).toBe(0)
  })
})

describe('sums over examples', () => {
  test.each<[string, Traceable, ...Type[]]>([
    ['a mean of all', x => x.square().mean()],
    [
      'sums by place, scaled together',
      (x, w) =>
        x
          .sum(0)
          .mul(w)
          .add(x.sum([0, 1]))
          .div(12),
      f32(2, 6),
    ],
    [
      'a product over examples',
      x =>
        x
          .reshape([12, 12])
          .transpose()
          .matmul(x.reshape([12, 12])),
    ],
    ['over a joined axis', x => x.reshape([24, 6]).sum(0)],
  ])('are equal to rounding: %s', (_, fn, ...more) => {
    const options = { inputs: ['0'] }
    expect(compare(graphOf(fn, ...more), { count: 4, ...options })).toBeLessThan(1e-6)
    expect(compare(graphOf(fn, ...more), { rows: 7, ...options })).toBeLessThan(1e-6)
  })

  test('are added in the order of the slices, and update state once', () => {
    const graph = graphOf((x: Value) => {
      const w = state('w', f32(6), 'parameter')
      setState('w', w.sub(x.sum([0, 1])))
      return x.mean()
    })
    const { nodes } = microbatch(graph, { count: 3 })
    expect(compare(graph, { count: 3 })).toBeLessThan(1e-6)
    expect(nodes.filter(n => n.op === 'sub')).toHaveLength(1)
    const starts = nodes.filter(n => n.op === 'slice').map(n => (n.attrs.start as number[])[0])
    expect(starts).toEqual([0, 4, 8])
  })
})

describe('slices', () => {
  test('have checkpoint regions of their own', () => {
    const graph = graphOf((x: Value) => checkpoint((y: Value) => y.exp().sum(1).sin())(x).sum())
    const regions = microbatch(graph, { count: 2 }).nodes.flatMap(n => n.hints?.region ?? [])
    expect([...new Set(regions)]).toEqual(['slice 0 region#0', 'slice 1 region#0'])
  })

  test('are those of as many counts as divide the batch', () => {
    expect(microbatchCounts(graphOf((x: Value) => x.mean()))).toEqual([2, 3, 4, 6, 12])
    expect(microbatchCounts(graphOf((x: Value) => x.sub(x.mean(0))))).toEqual([])
  })

  test('of one leave the graph as it is', () => {
    const graph = graphOf((x: Value) => x.mean())
    expect(microbatch(graph, { count: 1 })).toBe(graph)
  })
})

describe('refused', () => {
  const refuse = (fn: Traceable, more: Type[] = [], options = { count: 4 } as object): unknown => {
    try {
      microbatch(graphOf(fn, ...more), options)
    } catch (error) {
      return error
    }
    return undefined
  }

  test('are layers that mix examples, by their paths', () => {
    const norm = (x: Value) => x.sub(x.mean(0))
    const error = refuse((x: Value) =>
      scope('b', () => scope('norm', () => norm(scope('a', () => norm(x.exp()))))).sum(),
    )
    expect(error).toMatchObject({ code: 'MICROBATCH', layers: ['b.norm.a', 'b.norm'] })
    expect((error as Error).message).toMatch(
      /expected what is computed of an example to depend on no other, got a mixture in 'b\.norm\.a', 'b\.norm'/,
    )
  })

  test.each<[string, Traceable]>([
    ['the largest of all', x => x.max(0)],
    ['some of them', x => x.slice([3], [9]).sum()],
    ['their order', x => x.flip(0).add(x)],
    ['products between them', x => x.reshape([12, 12]).matmul(x.reshape([12, 12]).transpose())],
    ['another shape', x => x.reshape([6, 24]).exp()],
  ])('are mixtures: %s', (_, fn) => {
    expect(refuse(fn)).toMatchObject({ code: 'MICROBATCH', layers: [''] })
  })

  test('are batches that cannot be cut evenly, and counts that are none', () => {
    expect((refuse((x: Value) => x.mean(), [], { count: 5 }) as Error).message).toMatch(
      /cannot be cut evenly; expected a number that divides 12 examples: 1, 2, 3, 4, 6, 12, got 5 microbatches/,
    )
    for (const count of [0, 1.5, -2])
      expect(refuse((x: Value) => x.mean(), [], { count })).toMatchObject({ code: 'MICROBATCH' })
  })

  test('are inputs that do not agree about the batch', () => {
    const error = refuse((x: Value, w: Value) => x.matmul(w), [f32(6, 3)]) as Error
    expect(error.message).toMatch(/'0' \[12,2,6\], '1' \[6,3\].*inputs: \['x', 'y'\]/)
    expect(
      microbatch(
        graphOf((x: Value, w: Value) => x.matmul(w), f32(6, 3)),
        { count: 2, inputs: ['0'] },
      ).nodes.length,
    ).toBeGreaterThan(3)
    expect(refuse((x: Value) => x.mean(), [], { count: 2, inputs: ['y'] })).toMatchObject({
      code: 'MICROBATCH',
    })
  })
})
