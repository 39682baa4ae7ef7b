import { describe, expect, test } from 'vitest'
import {
  constant,
  evaluate,
  f32,
  f64,
  full,
  type Graph,
  hinted,
  i32,
  trace,
  u8,
  type Value,
} from '../index.ts'
import { emit } from '../trace/current.ts'
import { bool, type Type } from '../type.ts'
import {
  commonSubexpressions,
  deadCode,
  dropStopGradient,
  foldConstants,
  identities,
  simplify,
} from './index.ts'

/** The ops of the graph of a function after a pass. */
function after(
  pass: (graph: Graph) => Graph,
  fn: (x: Value, y: Value) => Value,
  type: Type = f32(2, 3),
): string {
  const { graph } = trace(fn, [type, type])
  return opsOf(pass(graph))
}

/** Numbers at which a careless identity shows, six at a time; both arguments get them all, in other orders. */
const edges = [
  -0,
  0,
  1,
  -1,
  Number.NaN,
  3e38,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  1e-45,
  -1e-45,
  0.1,
  -2.5,
]

/** Evaluates a graph of f32[2,3] arguments before and after simplification, at the edges. */
function expectSameAtEdges(graph: Graph): void {
  const simple = simplify(graph)
  for (const [a, b] of [
    [0, 6],
    [6, 0],
    [3, 3],
    [0, 1],
    [1, 0],
  ] as const) {
    const six = (from: number) => Float32Array.from({ length: 6 }, (_, i) => edges[(from + i) % 12] as number)
    const inputs = { 0: six(a), 1: six(b) }
    const [before, after] = [evaluate(graph, { inputs }).outputs, evaluate(simple, { inputs }).outputs]
    expect([...(after.result ?? [])]).toEqual([...(before.result ?? [])])
  }
}

const opsOf = ({ nodes }: Graph) => nodes.map(n => n.op).join(' ')
const simple = (fn: (x: Value, y: Value) => Value, type?: Type) => after(simplify, fn, type)

describe('identities', () => {
  const nothing: Record<string, (x: Value) => Value> = {
    'x · 1': x => x.mul(1),
    '1 · x': x => full(1, x.dtype, x.shape).mul(x),
    'x / 1': x => x.div(1),
    'x − 0': x => x.sub(0),
    'x + (−0)': x => x.add(-0),
    'x ^ 1': x => x.pow(1),
    '−(−x)': x => x.neg().neg(),
    'max(x, x)': x => x.maximum(x),
    'a choice of x and x': x => x.gt(0).where(x, x),
    'a choice that is always the first': x => full(true, 'bool', x.shape).where(x, x.exp()),
    'a choice that is always the second': x => full(false, 'bool', x.shape).where(x.exp(), x),
    'a transpose and back': x => x.transpose().transpose(),
    'three turns of the axes': x =>
      [0, 1, 2].reduce(y => y.transpose([1, 2, 0]), x.reshape([2, 3, 1])).reshape([2, 3]),
    'a transpose that keeps the axes': x => emit('transpose', { perm: [0, 1] }, x),
    'a reshape and back': x => x.reshape([3, 2]).reshape([6]).reshape([2, 3]),
    'a reshape to the same': x => emit('reshape', { shape: [2, 3] }, x),
    'a broadcast to the same': x => emit('broadcast', { shape: [2, 3], axes: [0, 1] }, x),
    'a cast to the same': x => emit('cast', { dtype: 'f32' }, x),
    'a cast to a wider dtype and back': x => x.cast('f64').cast('f32'),
    'a slice of everything': x => emit('slice', { start: [0, 0], stop: [2, 3], step: [1, 1] }, x),
    'a pad of nothing': x => emit('pad', { before: [0, 0], after: [0, 0], value: 1 }, x),
    'a flip twice': x => x.flip([0, 1]).flip(0).flip(1),
    'a flip of no axis': x => emit('flip', { axes: [] }, x),
    'a concat of one': x => emit('concat', { axis: 0 }, x),
    'a largest over no axis': x => emit('max', { axes: [] }, x),
  }
  test.each(Object.entries(nothing))('%s is x', (_, fn) => {
    const { graph } = trace(fn, [f32(2, 3), f32(2, 3)])
    expect(opsOf(simplify(graph))).toBe('')
    expectSameAtEdges(graph)
  })

  const stays: Record<string, (x: Value, y: Value) => Value> = {
    'x + 0, which makes 0 of −0': x => x.add(0),
    'x − (−0), which makes 0 of −0': x => x.sub(-0),
    'x · 0, which is NaN for ∞': x => x.mul(0),
    'x − x, which is NaN for ∞': x => x.sub(x),
    'x / x': x => x.div(x),
    '0 − x, which is 0 for 0': x => full(0, x.dtype, x.shape).sub(x),
    'x = x, false for NaN': x => x.eq(x).cast('f32'),
    '(x + 1) − 1': x => x.add(1).sub(1),
    '(x · 2) / 2, which may overflow': x => x.mul(2).div(2),
    '1 / (1 / x)': x => x.reciprocal().reciprocal(),
    'exp log x': x => x.log().exp(),
    'a sum over no axis, which makes 0 of −0': x => emit('sum', { axes: [] }, x),
    'a cast to a narrower dtype and back': x => x.cast('i32').cast('f32'),
    'a pad around another fill': x => x.pad([1, 0], [0, 0], 0).pad([1, 0], [0, 0], -0),
  }
  test.each(Object.entries(stays))('%s stays', (_, fn) => {
    const { graph } = trace(fn, [f32(2, 3), f32(2, 3)])
    expect(opsOf(simplify(graph))).toBe(opsOf(commonSubexpressions(graph)))
    expectSameAtEdges(graph)
  })

  const shrinks: Record<string, (x: Value, y: Value) => Value> = {
    '|−x|': x => x.neg().abs(),
    '(−x)²': x => x.neg().square(),
    '|x|²': x => x.abs().square(),
    'x ^ 0': x => x.pow(0),
    'relu twice': x => x.relu().relu(),
    'sign twice': x => x.sign().sign(),
    'floor twice': x => x.floor().floor(),
    'ceil twice': x => x.ceil().ceil(),
    'round twice': x => x.round().round(),
    'the largest of one': x => x.reshape([2, 1, 3]).max(1),
    'the smallest of one': x => x.reshape([2, 3, 1]).min(2),
    'x + y and y + x': (x, y) => x.add(y).div(y.add(x)),
    'x · y and y · x': (x, y) => x.mul(y).sub(y.mul(x)),
    'max and min in either order': (x, y) =>
      x
        .maximum(y)
        .add(y.maximum(x))
        .mul(x.minimum(y).add(y.minimum(x))),
    'a condition and true, or false': (x, y) =>
      x
        .lt(y)
        .and(full(true, 'bool', [2, 3]))
        .or(full(false, 'bool', [2, 3]))
        .where(x, y),
    'not not': (x, y) => x.le(y).not().not().where(x, y),
    'a pad of a pad': x => x.pad([1, 0], [0, 1], -0).pad([0, 2], [1, 0], -0),
    'a cast through a wider dtype': x => x.cast('f64').cast('i32').cast('f64').cast('f32'),
  }
  test.each(Object.entries(shrinks))('%s takes fewer nodes', (_, fn) => {
    const { graph } = trace(fn, [f32(2, 3), f32(2, 3)])
    expect(simplify(graph).nodes.length).toBeLessThan(graph.nodes.length)
    expectSameAtEdges(graph)
  })

  test('that need whole numbers hold for integers alone', () => {
    expect(simple(x => x.add(0), i32(2))).toBe('')
    expect(simple(x => x.mul(0), i32(2))).toBe('full')
    expect(simple(x => x.neg().abs(), i32(2))).toBe('abs')
    expect(simple(x => x.neg().abs(), u8(2))).toBe('neg abs')
  })

  test('join movement of one kind', () => {
    const slices = (x: Value) => x.slice([1, 0], [4, 9], [1, 2]).slice([1, 1], [3, 4], [1, 2])
    const { graph } = trace(slices, [f32(5, 9)])
    expect(simplify(graph).nodes.map(n => n.attrs)).toEqual([{ start: [2, 2], stop: [4, 7], step: [1, 4] }])
    expect(simple(x => x.slice([1, 1]).slice([1, 2]))).toBe('slice')
    expect(simple(x => x.pad([1, 0], [0, 2]).pad([0, 1], [1, 1]))).toBe('pad')
    expect(simple(x => x.broadcast([4, 2, 3], [1, 2]).broadcast([4, 5, 2, 3], [0, 2, 3]))).toBe('broadcast')
    expect(simple(x => x.flip(0).flip(1))).toBe('flip')
    expect(simple(x => x.transpose().reshape([6]).reshape([3, 2]))).toBe('transpose')
    expect(simple(x => x.cast('f64').cast('i32').cast('f32'))).toBe('cast cast')
  })

  test('see through repeated ops', () => {
    expect(simple(x => x.relu().relu())).toBe('relu')
    expect(simple(x => x.abs().neg().abs())).toBe('abs')
    expect(simple(x => x.abs().neg().square())).toBe('square')
    expect(simple(x => x.pow(0))).toBe('full')
    expect(simple(x => x.reshape([1, 2, 3]).max(0))).toBe('')
    expect(simple(x => x.not().not(), bool(2))).toBe('')
    expect(
      simple((x, y) => x.and(full(true, 'bool', [2])).or(y.and(full(false, 'bool', [2]))), bool(2)),
    ).toBe('')
  })

  test('leave what is to be kept', () => {
    const kept = (x: Value) => hinted({ keep: true }, () => x.neg()).neg()
    expect(after(identities, kept)).toBe('neg neg')
    expect(after(identities, x => hinted({ keep: true }, () => emit('transpose', { perm: [0, 1] }, x)))).toBe(
      'transpose',
    )
  })
})

describe('common subexpressions', () => {
  test('become one, in either order where that does not matter', () => {
    expect(simple((x, y) => x.add(y).mul(y.add(x)))).toBe('add mul')
    expect(simple((x, y) => x.sub(y).mul(y.sub(x)))).toBe('sub sub mul')
    expect(simple(x => x.sum(0).add(x.sum(0)))).toBe('sum add')
    expect(simple(x => x.pad([0, 1], [0, 0], 0).add(x.pad([0, 1], [0, 0], -0)))).toBe('pad pad add')
  })

  test('stay apart across regions, and where one is kept', () => {
    const inRegion = (region: string | undefined, x: Value) =>
      region === undefined ? x.exp() : hinted({ region }, () => x.exp())
    const pair = (a?: string, b?: string) => simple(x => inRegion(a, x).add(inRegion(b, x)))
    expect(pair('a', 'a')).toBe('exp add')
    expect(pair('a', 'b')).toBe('exp exp add')
    expect(pair('a', undefined)).toBe('exp exp add')
    expect(simple(x => hinted({ keep: true }, () => x.exp()).add(x.exp()))).toBe('exp exp add')
    expect(simple(x => hinted({}, () => x.exp()).add(x.exp()))).toBe('exp add')
  })

  test('keep the site and the hints of the first', () => {
    const { graph } = trace(x => hinted({ region: 'r' }, () => x.exp().add(x.exp())), [f32(2)])
    const [first, , last] = graph.nodes
    const { nodes } = commonSubexpressions(graph)
    expect(nodes.map(n => [n.site, n.hints])).toEqual([first, last].map(n => [n?.site, n?.hints]))
  })

  test('merge constants of the same bytes', () => {
    const { graph } = trace(
      x =>
        x
          .add(constant([1, 2], [2]))
          .mul(constant([1, 2], [2]))
          .sub(constant([0, -0], [2])),
      [f32(2)],
    )
    expect(commonSubexpressions(graph).constants).toHaveLength(2)
  })
})

describe('constants', () => {
  const folded = (fn: (x: Value) => Value, type: Type = f32(2)) => foldConstants(trace(fn, [type]).graph)

  test('are computed ahead, and dead code goes with them', () => {
    const graph = simplify(folded(x => x.add(constant([1, 2, 3, 4], [2, 2]).transpose().sum(0).exp())))
    expect(opsOf(graph)).toBe('add')
    expect(graph.constants.map(c => c.bytes.length)).toEqual([8])
  })

  test('that repeat one number are full, which stays full through everything', () => {
    const { nodes, constants } = simplify(
      folded(x => x.add(constant([2, 2], [2]).broadcast([3, 2]).transpose().sum(1))),
    )
    expect(constants).toEqual([])
    expect(nodes.map(n => [n.op, n.attrs.value])).toEqual([
      ['full', 6],
      ['add', undefined],
    ])
  })

  test('round as their dtype does', () => {
    const { nodes } = simplify(folded(x => x.add(full(0.1, 'f32', [2]).add(full(0.2, 'f32', [2])))))
    expect(nodes[0]?.attrs.value).toBe(Math.fround(Math.fround(0.1) + Math.fround(0.2)))
  })

  test('never take more bytes than those that go with them', () => {
    const wide = (x: Value) => constant([1, 2], [2]).broadcast([4, 2]).sum(0).add(x)
    expect(folded(wide).constants.map(c => c.bytes.length)).toEqual([8])
    expect(opsOf(folded(wide))).toBe('broadcast sum add')
    // Still read as it is, so that its bytes would stay beside those of its square.
    const both = (x: Value) => x.add(constant([1, 2], [2])).mul(constant([1, 2], [2]).square())
    expect(simple(both, f32(2))).toBe('add square mul')
  })

  test('take the site of what they stand for', () => {
    const { graph } = trace(() => full(2, 'f32', [2]).exp(), [])
    const exp = graph.nodes[1]
    expect(simplify(graph).nodes.map(n => n.site)).toEqual([exp?.site])
  })

  test('of random bits and of much work are left to the run', () => {
    expect(opsOf(folded(x => x.add(full(1, 'f32', [1000, 1000]).sum())))).toContain('sum')
    expect(
      opsOf(folded(x => x.add(constant([1, 2, 3, 4], [2, 2]).matmul(constant([1, 2], [2]))))),
    ).not.toContain('dot')
  })
})

describe('dead code', () => {
  test('is what no output and no successor needs', () => {
    const { graph } = trace(
      x => {
        x.exp().add(constant([1, 2], [2]))
        return x.neg()
      },
      [f32(2)],
    )
    const { nodes, constants, values } = deadCode(graph)
    expect([nodes.map(n => n.op), constants, values]).toEqual([['neg'], [], [f32(2), f32(2)]])
  })
})

describe('stopGradient', () => {
  test('is kept by simplify and goes with dropStopGradient', () => {
    expect(simple(x => x.stopGradient().stopGradient().exp())).toBe('stopGradient exp')
    expect(after(dropStopGradient, x => x.stopGradient().exp())).toBe('exp')
  })

  test('hands on that it is to be kept', () => {
    const { graph } = trace(x => hinted({ keep: true }, () => x.exp().stopGradient()).add(1), [f64(2)])
    const unkept = {
      ...graph,
      nodes: graph.nodes.map(n => (n.op === 'exp' ? { ...n, hints: { region: 'r' } } : n)),
    }
    expect(dropStopGradient(unkept).nodes[0]?.hints).toEqual({ region: 'r', keep: true })
  })
})

describe('graphs in attributes', () => {
  test('go through the same pass', () => {
    const inner = trace(x => x.mul(1).exp(), [f32(2)]).graph
    const { graph } = trace(x => x.exp(), [f32(2)])
    const [node] = graph.nodes
    const outer = {
      ...graph,
      nodes: [{ ...(node as (typeof graph.nodes)[0]), attrs: { list: [{ body: inner }], n: 1 } }],
    }
    const [first] = simplify(outer).nodes
    const { list } = (first as unknown as { attrs: { list: { body: Graph }[] } }).attrs
    expect(list.map(({ body }) => opsOf(body))).toEqual(['exp'])
    expect(simplify(simplify(outer))).toEqual(simplify(outer))
  })
})
