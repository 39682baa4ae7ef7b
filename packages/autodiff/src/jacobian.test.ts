import { f64, StintError, trace, type Value } from '@stint/graph'
import { describe, expect, test } from 'vitest'
import { grad, hessian, jacobian } from './index.ts'
import { arg, compile, random, values } from './testing/numeric.ts'

const modes = ['reverse', 'forward'] as const

describe('jacobian', () => {
  const layer = (x: Value, w: Value): Value => w.matmul(x).tanh()
  const [x, w] = [random([3], 1, -1, 1), random([2, 3], 2, -1, 1)]

  test.each(modes)('holds the derivative of every element in every other, in %s mode', mode => {
    const [got] = values((a, b) => jacobian(layer, { mode })(a!, b!), x, w)
    const slope = values((a, b) => layer(a!, b!), x, w)[0]?.map(y => 1 - y * y) as number[]
    for (const [k, d] of (got as number[]).entries())
      expect(d).toBeCloseTo((slope[Math.floor(k / 3)] as number) * (w.data[k] as number), 12)
  })

  test.each(modes)('has the axes of the result, then those of the argument, in %s mode', mode => {
    const f = (a: Value): Value => a.transpose().reshape([2, 3, 1])
    const { graph } = compile(a => jacobian(f, { mode })(a!), [random([3, 2], 1)])
    expect(graph.values[graph.outputs[0]?.value as number]?.shape).toEqual([2, 3, 1, 3, 2])
    const [got] = values(a => jacobian(f, { mode })(a!).reshape([6, 6]), random([3, 2], 1))
    const places = [0, 2, 4, 1, 3, 5]
    expect(got).toEqual(places.flatMap(p => Array.from({ length: 6 }, (_, k) => Number(k === p))))
  })

  test('both modes agree on trees of results and arguments', () => {
    const f = (p: { a: Value; b: Value }): { one: Value; two: [Value] } => ({
      one: p.a.matmul(p.b).sin(),
      two: [p.a.square()],
    })
    const [one, other] = modes.map(mode => {
      const { outputs } = trace((a, b) => jacobian(f, { mode })({ a: a!, b: b! }), [f64(2), f64(2, 3)])
      expect(outputs).toEqual({
        one: { a: 'one.a', b: 'one.b' },
        two: [{ a: 'two.0.a', b: 'two.0.b' }],
      })
      return values((a, b) => jacobian(f, { mode })({ a: a!, b: b! }), random([2], 1), random([2, 3], 2))
    }) as [number[][], number[][]]
    expect(one.map(block => block.length)).toEqual([6, 18, 4, 12])
    for (const [i, block] of one.entries())
      for (const [k, d] of block.entries()) expect(other[i]?.[k]).toBeCloseTo(d, 12)
    // The last block is of a result that does not read the argument.
    expect(new Set(one[3])).toEqual(new Set([0]))
  })

  test('of several arguments is a list', () => {
    const blocks = values((a, b) => jacobian(layer, { argnums: [1, 0] })(a!, b!), x, w)
    expect(blocks.map(b => b.length)).toEqual([12, 6])
  })

  test('of a scalar is its gradient', () => {
    const f = (a: Value): Value => a.square().sum()
    expect(values(a => jacobian(f)(a!), x)).toEqual(values(a => grad(f)(a!), x))
  })

  test.each(modes)('of nothing is empty, in %s mode', mode => {
    expect(values(a => jacobian((v: Value) => v.slice([0], [0]), { mode })(a!), x)).toEqual([[]])
  })

  test('refuses integers and arguments that do not exist', () => {
    expect(() => trace(a => jacobian((v: Value) => v)(a!), [{ dtype: 'i32', shape: [2] }])).toThrow(
      StintError,
    )
    expect(() => trace(a => jacobian((v: Value) => v, { argnums: 1 })(a!), [f64(2)])).toThrow(/argnums/)
  })
})

describe('hessian', () => {
  test('of the Rosenbrock function is tridiagonal', () => {
    const f = (v: Value): Value => {
      const [head, tail] = [v.slice([0], [2]), v.slice([1], [3])]
      return tail.sub(head.square()).square().mul(100).add(head.neg().add(1).square()).sum()
    }
    const [a, b, c] = [0.5, -1, 2]
    const [got] = values(v => hessian(f)(v!), arg([a, b, c]))
    expect(got).toEqual([
      1200 * a * a - 400 * b + 2,
      -400 * a,
      0,
      -400 * a,
      1200 * b * b - 400 * c + 202,
      -400 * b,
      0,
      -400 * b,
      200,
    ])
  })

  test('of a tree has a block for each pair of leaves', () => {
    const f = (p: [Value, Value]): Value => p[0].matmul(p[1]).square().sum()
    const blocks = values((a, b) => hessian(f)([a!, b!]), random([2], 1), random([2, 3], 2))
    expect(blocks.map(b => b.length)).toEqual([4, 12, 12, 36])
    const [, mixed, transposed] = blocks as [number[], number[], number[]]
    for (let i = 0; i < 2; i++)
      for (let k = 0; k < 6; k++) expect(mixed[i * 6 + k]).toBeCloseTo(transposed[k * 2 + i] as number, 12)
  })
})
