import { f64, i32, ShapeError, StintError, stopGradient, TraceError, trace, type Value } from '@stint/graph'
import { describe, expect, test } from 'vitest'
import { grad, jvp, valueAndGrad, vjp } from './index.ts'
import { arg, values } from './testing/numeric.ts'

const x = arg([1, 2, 3])
const w = arg([4, 5, 6])
const dot = (a: Value, b: Value): Value => a.mul(b).sum()

describe('grad', () => {
  test('differentiates in the first argument by default', () => {
    expect(values((a, b) => grad(dot)(a!, b!), x, w)).toEqual([[4, 5, 6]])
  })

  test('differentiates in the argument named, or in several, in the order named', () => {
    expect(values((a, b) => grad(dot, { argnums: 1 })(a!, b!), x, w)).toEqual([[1, 2, 3]])
    expect(values((a, b) => grad(dot, { argnums: [1, 0] })(a!, b!), x, w)).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ])
    expect(values((a, b) => grad(dot, { argnums: [1] })(a!, b!), x, w)).toEqual([[1, 2, 3]])
  })

  test('gives a tree like the argument', () => {
    const f = (p: { a: Value; list: [Value, Value] }): Value =>
      p.a.mul(p.list[0]).sum().add(p.list[1].square().sum())
    const { outputs } = trace((a, b) => grad(f)({ a, list: [b, a] }), [f64(2), f64(2)])
    expect(outputs).toEqual({ a: 'a', list: ['list.0', 'list.1'] })
    expect(values((a, b) => grad(f)({ a: a!, list: [b!, a!] }), arg([1, 2]), arg([3, 4]))).toEqual([
      [3, 4],
      [1, 2],
      [2, 4],
    ])
  })

  test('gives zeros for an argument that the function does not use', () => {
    expect(values((a, b) => grad((p: Value[]) => p[0]!.sum())([a!, b!]), x, w)).toEqual([
      [1, 1, 1],
      [0, 0, 0],
    ])
    expect(values((a, b) => grad((_: Value) => b!.sum())(a!), x, w)).toEqual([[0, 0, 0]])
    expect(values(a => grad((v: Value) => v.floor().sum())(a!), x)).toEqual([[0, 0, 0]])
  })

  test('of the argument itself is one', () => {
    expect(values(a => grad((v: Value) => v)(a!), arg([5], []))).toEqual([[1]])
  })

  test('treats values of the outer function as constants', () => {
    expect(values((a, b) => grad((v: Value) => v.mul(b!).sum())(a!), x, w)).toEqual([[4, 5, 6]])
    // d/da of Σ a·(d/dv Σ v²a) = d/da of Σ 2a³, at v = a.
    const nested = (a: Value): Value =>
      a.mul(grad((v: Value) => v.square().mul(a.stopGradient()).sum())(a)).sum()
    expect(values(a => grad(nested)(a!), arg([1, 2]))).toEqual([[4, 16]])
  })

  test('keeps inner and outer derivatives apart', () => {
    // d/dx [x · d/dy (x + y)] = 1, which a confusion of the two perturbations would make 2.
    const f = (a: Value): Value => a.mul(grad((b: Value) => a.add(b))(a.zerosLike()))
    expect(values(a => grad(f)(a!), arg([3], []))).toEqual([[1]])
    const g = (a: Value): Value => a.mul(jvp((b: Value) => a.add(b), [a], [a.zerosLike().add(1)])[1])
    expect(values(a => jvp(g, [a!], [a!.zerosLike().add(1)])[1], arg([3], []))).toEqual([[1]])
  })

  test('stops at stopGradient', () => {
    expect(values(a => grad((v: Value) => v.mul(stopGradient(v)).sum())(a!), x)).toEqual([[1, 2, 3]])
    expect(values(a => grad((v: Value) => stopGradient(v.square()).sum())(a!), x)).toEqual([[0, 0, 0]])
  })

  test('passes integers by', () => {
    const f = (v: Value, i: Value): Value => v.mul(i.mul(2).cast('f64')).sum()
    expect(values((a, i) => grad(f)(a!, i!), x, arg([1, 0, 2], [3], 'i32'))).toEqual([[2, 0, 4]])
    expect(
      values(a => grad((v: Value) => v.cast('i32').cast('f64').mul(v).sum())(a!), arg([1.5, 2.5])),
    ).toEqual([[1, 2]])
  })

  test('keeps the dtype of each argument', () => {
    const f = (a: Value, b: Value): Value => a.cast('f64').mul(b).sum()
    const { graph } = trace(
      (a, b) => grad(f, { argnums: [0, 1] })(a!, b!),
      [{ dtype: 'f32', shape: [2] }, f64(2)],
    )
    expect(graph.outputs.map(o => graph.values[o.value]?.dtype)).toEqual(['f32', 'f64'])
  })
})

describe('valueAndGrad', () => {
  test('gives both', () => {
    expect(values((a, b) => valueAndGrad(dot)(a!, b!), x, w)).toEqual([[32], [4, 5, 6]])
  })

  test('hands the rest of the result through as aux', () => {
    const f = (a: Value, b: Value) => [dot(a, b), { double: a.mul(2), list: [b] }] as const
    const { outputs } = trace((a, b) => valueAndGrad(f, { aux: true })(a!, b!), [f64(3), f64(3)])
    expect(outputs).toEqual([['0.0', { double: '0.1.double', list: ['0.1.list.0'] }], '1'])
    expect(values((a, b) => valueAndGrad(f, { aux: true })(a!, b!), x, w)).toEqual([
      [32],
      [2, 4, 6],
      [4, 5, 6],
      [4, 5, 6],
    ])
  })

  test('may give the loss again as aux', () => {
    const f = (a: Value): [Value, Value] => {
      const loss = a.sum()
      return [loss, loss]
    }
    expect(values(a => valueAndGrad(f, { aux: true })(a!), x)).toEqual([[6], [6], [1, 1, 1]])
  })
})

describe('vjp and jvp', () => {
  const f = (a: Value, b: Value): [Value, Value] => [a.mul(b), a.sum()]

  test('take and give trees like the results and the arguments', () => {
    const back = (a: Value, b: Value): Value[] => vjp(f, a, b)[1]([a, b.sum()])
    expect(values((a, b) => back(a!, b!), x, w)).toEqual([
      [4 + 15, 10 + 15, 18 + 15],
      [1, 4, 9],
    ])
    expect(values((a, b) => jvp(f, [a!, b!], [b!, a!]), x, w)).toEqual([[4, 10, 18], [6], [17, 29, 45], [15]])
  })

  test('a pullback may be used more than once, and inside another derivative', () => {
    const twice = (a: Value): Value[] => {
      const [y, back] = vjp((v: Value) => v.square(), a)
      return [back(y)[0], grad((u: Value) => back(u)[0].sum())(a)]
    }
    expect(values(a => twice(a!), x)).toEqual([
      [2, 16, 54],
      [2, 4, 6],
    ])
  })

  test('give zeros for integers, whatever their tangent', () => {
    const g = (a: Value, i: Value): Value => a.mul(i.add(i).cast('f64'))
    const i = arg([1, 2, 3], [3], 'i32')
    expect(values((a, k) => vjp(g, a!, k!)[1](a!), x, i)).toEqual([
      [2, 8, 18],
      [0, 0, 0],
    ])
    expect(values((a, k) => jvp(g, [a!, k!], [a!, k!])[1], x, i)).toEqual([[2, 8, 18]])
    expect(values((a, k) => jvp((_: Value, n: Value) => n.add(n), [a!, k!], [a!, k!]), x, i)).toEqual([
      [2, 4, 6],
      [0, 0, 0],
    ])
  })
})

describe('misuse', () => {
  const traced = (fn: (a: Value, i: Value) => Value | Value[] | unknown): (() => unknown) => {
    return () => trace((a, i) => fn(a as Value, i as Value) as Value, [f64(3), i32(3)])
  }
  const cases: [string, (a: Value, i: Value) => unknown, new (...args: never[]) => StintError, RegExp][] = [
    [
      'a vector for a loss',
      a => grad((v: Value) => v.mul(2))(a),
      ShapeError,
      /must give a scalar.*f64\[3\].*sum\(\)/,
    ],
    ['an integer for a loss', (_, i) => grad((v: Value) => v.sum())(i), ShapeError, /i32\[\]/],
    ['a pair without aux', a => grad((v: Value) => [v.sum(), v] as never)(a), TraceError, /array.*aux/],
    ['a promise', a => grad((async (v: Value) => v.sum()) as never)(a), TraceError, /must give a scalar/],
    [
      'an integer argument',
      (_, i) => grad((v: Value) => v.cast('f64').sum())(i),
      StintError,
      /i32\[3\].*argnums/,
    ],
    ['an argument that does not exist', a => grad(dot, { argnums: 2 })(a, a), StintError, /below 2, got 2/],
    ['an argument twice', a => grad(dot, { argnums: [0, 0] })(a, a), StintError, /distinct.*\[0,0\]/],
    [
      'a cotangent of another shape',
      a => vjp((v: Value) => v.sum(), a)[1](a),
      ShapeError,
      /f64\[\].*f64\[3\]/,
    ],
    [
      'too few cotangents',
      a => vjp((v: Value): Value[] => [v, v.mul(2)], a)[1]([a]),
      ShapeError,
      /expected f64\[3\], got nothing/,
    ],
    [
      'too many cotangents',
      a => vjp((v: Value): Value[] => [v], a)[1]([a, a]),
      ShapeError,
      /expected nothing, got f64\[3\]/,
    ],
    [
      'a tangent of another dtype',
      (a, i) => jvp((v: Value) => v, [a], [i]),
      ShapeError,
      /f64\[3\], got i32\[3\]/,
    ],
    [
      'a value of another trace',
      a => grad((v: Value) => v.mul(leaked(a)).sum())(a),
      TraceError,
      /outside the function/,
    ],
  ]

  test.each(cases)('%s is refused', (_, fn, kind, message) => {
    expect(traced(fn)).toThrow(kind)
    expect(traced(fn)).toThrow(message)
  })

  test('an error inside a derivative names the line of the user', () => {
    expect(traced(a => grad((v: Value) => v.matmul(a.reshape([1, 3])).sum())(a))).toThrow(
      /grad\.test\.ts:\d+/,
    )
  })
})

/** A value that belongs to a function traced and gone. */
function leaked(like: Value): Value {
  let kept: Value | undefined
  grad((v: Value) => {
    kept = v.mul(2)
    return kept.sum()
  })(like)
  return kept as Value
}
