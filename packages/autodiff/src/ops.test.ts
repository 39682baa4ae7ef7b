import { type Attrs, emit, type OpName, opDef, ops, type Value } from '@stint/graph'
import { describe, expect, test } from 'vitest'
import { jvp, vjp } from './index.ts'
import { type CheckOptions, checkDerivatives, pullback } from './testing/check.ts'
import { type Arg, arg, floats, random, shapeOf, values } from './testing/numeric.ts'

interface Case extends CheckOptions {
  readonly attrs?: Attrs
  readonly args: readonly Arg[]
}

const unary = (...x: number[]): Case[] => [{ args: [arg(x)] }]
const binary = (a: number[], b: number[]): Case[] => [{ args: [arg(a), arg(b)] }]

const anywhere = [-1.7, -0.4, 0.3, 2.1]
const positive = [0.3, 0.9, 2.6]
const pairs: [number[], number[]] = [
  [0.3, -1.2, 2],
  [1.5, 0.7, -0.6],
]
const line = { stride: [2], padding: [[1, 2]], dilation: [2], groups: 2 }
const plane = {
  stride: [2, 1],
  padding: [
    [1, 0],
    [1, 1],
  ],
  dilation: [1, 1],
  groups: 1,
}
const windows = {
  window: [2, 3],
  stride: [1, 2],
  padding: [
    [1, 0],
    [0, 1],
  ],
}
const bools = arg([1, 0, 1], [3], 'bool')
const indices = arg([2, 0, 2, -1, 5, 1], [3, 2], 'i32')

/** Arguments inside the domain of every op that has a derivative, away from its kinks. */
const cases: Partial<Record<OpName, readonly Case[]>> = {
  abs: unary(...anywhere),
  add: binary(...pairs),
  atan2: binary([0.3, -1.2, 2, -0.5], [1.5, 0.7, -0.6, -2]),
  broadcast: [
    { attrs: { shape: [2, 3, 2], axes: [1, 2] }, args: [random([3, 1], 1)] },
    { attrs: { shape: [2], axes: [] }, args: [random([], 1)] },
  ],
  cast: [{ attrs: { dtype: 'f64' }, args: [random([3], 1)] }],
  concat: [
    { attrs: { axis: 1 }, args: [random([2, 2], 1), random([2, 0], 2), random([2, 1], 3)] },
    { attrs: { axis: 0 }, args: [random([2], 1)] },
  ],
  conv: [
    { attrs: line, args: [random([2, 4, 5], 1), random([2, 2, 2], 2)] },
    { attrs: plane, args: [random([1, 2, 4, 3], 1), random([2, 2, 3, 2], 2)] },
  ],
  convInput: [
    { attrs: { ...line, size: [5] }, args: [random([2, 2, 3], 1), random([2, 2, 2], 2)] },
    { attrs: { ...plane, size: [4, 3] }, args: [random([1, 2, 2, 4], 1), random([2, 2, 3, 2], 2)] },
  ],
  convWeight: [
    { attrs: { ...line, size: [2] }, args: [random([2, 4, 5], 1), random([2, 2, 3], 2)] },
    { attrs: { ...plane, size: [3, 2] }, args: [random([1, 2, 4, 3], 1), random([1, 2, 2, 4], 2)] },
  ],
  cos: unary(...anywhere),
  div: binary(...pairs),
  dot: [
    { attrs: { batch: [[], []], contract: [[1], [0]] }, args: [random([2, 3], 1), random([3, 2], 2)] },
    {
      attrs: {
        batch: [[1], [0]],
        contract: [
          [0, 2],
          [2, 1],
        ],
      },
      args: [random([2, 2, 3], 1), random([2, 3, 2], 2)],
    },
    { attrs: { batch: [[], []], contract: [[], []] }, args: [random([2], 1), random([2], 2)] },
  ],
  erf: unary(...anywhere),
  exp: unary(...anywhere),
  expm1: unary(...anywhere),
  flip: [{ attrs: { axes: [1] }, args: [random([2, 3], 1)] }],
  gather: [{ attrs: {}, args: [random([4, 2], 1), indices] }],
  log: unary(...positive),
  log1p: unary(-0.5, 0.4, 2),
  max: [
    { attrs: { axes: [1] }, args: [arg([1, 5, 2, 7, 3, -2], [2, 3])] },
    { attrs: { axes: [0, 1] }, args: [arg([1, 5, 2, 7, 3, -2], [2, 3])] },
  ],
  maxPool: [{ attrs: windows, args: [random([1, 2, 3, 4], 1)] }],
  maxPoolGather: [{ attrs: windows, args: [random([1, 2, 3, 4], 1), random([1, 2, 3, 4], 2)] }],
  maxPoolScatter: [{ attrs: windows, args: [random([1, 2, 3, 4], 1), random([1, 2, 3, 2], 2)] }],
  maximum: binary(...pairs),
  min: [{ attrs: { axes: [0] }, args: [arg([1, 5, 2, 7, 3, -2], [2, 3])] }],
  minimum: binary(...pairs),
  mul: binary(...pairs),
  neg: unary(...anywhere),
  pad: [{ attrs: { before: [1, 0], after: [0, 2], value: 7 }, args: [random([2, 2], 1)] }],
  pow: binary([0.5, 2, 3], [2, -1.5, 0.5]),
  reciprocal: unary(...anywhere),
  relu: unary(...anywhere),
  reshape: [{ attrs: { shape: [6] }, args: [random([2, 3], 1)] }],
  rsqrt: unary(...positive),
  scatterAdd: [{ attrs: { rows: 4 }, args: [indices, random([3, 2, 2], 1)] }],
  sigmoid: unary(...anywhere),
  sin: unary(...anywhere),
  slice: [{ attrs: { start: [1, 0], stop: [4, 5], step: [2, 3] }, args: [random([4, 6], 1)] }],
  sqrt: unary(...positive),
  square: unary(...anywhere),
  sub: binary(...pairs),
  sum: [
    { attrs: { axes: [0, 2] }, args: [random([2, 3, 2], 1)] },
    { attrs: { axes: [] }, args: [random([2], 1)] },
  ],
  sumPool: [{ attrs: windows, args: [random([1, 2, 3, 4], 1)] }],
  sumUnpool: [{ attrs: { ...windows, size: [3, 4] }, args: [random([1, 2, 3, 2], 1)] }],
  tanh: unary(...anywhere),
  transpose: [{ attrs: { perm: [2, 0, 1] }, args: [random([2, 3, 2], 1)] }],
  where: [{ args: [bools, random([3], 1), random([3], 2)] }],
}

const differentiable = (Object.keys(ops) as OpName[]).filter(op => opDef(op).derivative.kind !== 'none')

test('every op with a derivative has a case here, and none without', () => {
  expect(Object.keys(cases).sort()).toEqual([...differentiable].sort())
})

describe.each(differentiable)('%s', op => {
  const uses = (cases[op] ?? []).map(({ attrs = {}, ...rest }) => ({
    ...rest,
    fn: (...x: Value[]) => emit(op, attrs, ...x),
  }))

  test('both modes agree with central differences', () => {
    for (const { fn, args, ...options } of uses) checkDerivatives(fn, args, options)
  })

  test('so do the derivatives of its derivative', () => {
    for (const { fn, args, ...options } of uses) {
      const u = random(shapeOf(fn, args), 31)
      for (const n of floats(args).keys()) {
        const cotangent = (...all: Value[]): Value => pullback(fn, args)(...all)[n] as Value
        checkDerivatives(cotangent, [...args, u], { tolerance: 1e-6, ...options })
      }
    }
  })
})

const constants = (Object.keys(ops) as OpName[]).filter(op => opDef(op).derivative.kind === 'none')

describe('ops without a derivative', () => {
  const uses: Partial<Record<OpName, readonly Arg[]>> = {
    ceil: [random([3], 1)],
    floor: [random([3], 1)],
    round: [random([3], 1)],
    sign: [random([3], 1)],
    stopGradient: [random([3], 1)],
  }
  const floating = constants.filter(op => uses[op] !== undefined)

  test.each(floating)('%s gives zero in both modes', op => {
    const args = uses[op] as readonly Arg[]
    const fn = (x: Value): Value => emit(op, {}, x)
    const [[forward], [back]] = [
      values(x => jvp(fn, [x as Value], [x as Value])[1], ...args),
      values(x => vjp(fn, x as Value)[1](x as Value)[0], ...args),
    ]
    expect(forward).toEqual([0, 0, 0])
    expect(back).toEqual([0, 0, 0])
  })

  test.each(['eq', 'ne', 'lt', 'le'] as const)('%s passes nothing to what it compares', op => {
    const fn = (x: Value, y: Value): Value => emit(op, {}, x, y).where(x, y.mul(2))
    const [a, b] = [arg([1, 2]), arg([2, 2])]
    const [dx, dy] = values((x, y) => vjp(fn, x as Value, y as Value)[1](x as Value), a, b)
    const [taken] = values((x, y) => emit(op, {}, x as Value, y as Value), a, b) as [number[]]
    expect(dx).toEqual(taken.map((c, i) => c * (a.data[i] as number)))
    expect(dy).toEqual(taken.map((c, i) => (1 - c) * 2 * (a.data[i] as number)))
  })
})
