import {
  concat,
  conv,
  cumSum,
  gather,
  gelu,
  maxPool,
  norm,
  prod,
  sumPool,
  type Value,
  variance,
} from '@stint/graph'
import { describe, expect, test } from 'vitest'
import { grad, hvp } from './index.ts'
import { checkDerivatives } from './testing/check.ts'
import { type Arg, arg, dot, random, scaleOf, values } from './testing/numeric.ts'

interface Composite {
  readonly fn: (...x: Value[]) => Value
  readonly args: readonly Arg[]
  /** How many of the arguments, from the first, the function is differentiated in. */
  readonly wrt?: number
}

const layerNorm = (x: Value, weight: Value, bias: Value): Value => {
  const centered = x.sub(x.mean(-1, true))
  return centered
    .mul(variance(x, -1, true).add(1e-5).rsqrt())
    .mul(weight)
    .add(bias)
}

const crossEntropy = (logits: Value, labels: Value): Value =>
  logits.logSoftmax(-1).mul(labels).sum().neg().div(2)

const composites: Record<string, Composite> = {
  'a multilayer perceptron': {
    fn: (w1, b1, w2, x) => x!.matmul(w1!).add(b1!).tanh().matmul(w2!).square().mean(),
    args: [random([3, 4], 1), random([4], 2), random([4, 2], 3), random([2, 3], 4)],
  },
  'softmax cross entropy': {
    fn: (logits, labels) => crossEntropy(logits!, labels!),
    args: [random([2, 3], 1), arg([0, 1, 0, 1, 0, 0], [2, 3])],
    wrt: 1,
  },
  'a convolutional network': {
    fn: (x, w1, w2) => {
      const h = conv(x!, w1!, { stride: 2, padding: [[1, 0], 1] }).tanh()
      return sumPool(h, { window: 2, stride: 1 }).flatten(1).matmul(w2!).sigmoid().sum()
    },
    args: [random([2, 2, 5, 4], 1), random([2, 2, 2, 2], 2), random([8, 2], 3)],
  },
  'rectified units and max pooling': {
    fn: (x, w) =>
      maxPool(conv(x!, w!, { padding: 1 }), { window: 2 })
        .relu()
        .square()
        .sum(),
    args: [random([1, 2, 4, 4], 1), random([2, 2, 3, 3], 2)],
  },
  'layer norm': {
    fn: (x, w, b) => layerNorm(x!, w!, b!).square().mul(0.3).exp().sum(),
    args: [random([2, 4], 1), random([4], 2), random([4], 3)],
  },
  'batch norm': {
    fn: (x, w) => {
      const centered = x!.sub(x!.mean([0, 2], true))
      return centered
        .mul(variance(x!, [0, 2], true).add(1e-5).rsqrt())
        .mul(w!)
        .tanh()
        .sum()
    },
    args: [random([2, 2, 3], 1), random([1, 2, 1], 2)],
  },
  attention: {
    fn: (q, k, v) =>
      q!
        .matmul(k!.transpose([0, 2, 1]))
        .mul(0.5)
        .softmax()
        .matmul(v!)
        .square()
        .sum(),
    args: [random([2, 2, 3], 1), random([2, 3, 3], 2), random([2, 3, 2], 3)],
  },
  'a recurrence': {
    fn: (h, w) => {
      let state = h!
      for (let t = 0; t < 4; t++) state = state.matmul(w!).tanh().add(state.mul(0.5))
      return state.square().sum()
    },
    args: [random([1, 3], 1), random([3, 3], 2)],
  },
  'products, running sums and norms': {
    fn: x => prod(x!, 1).add(norm(x!, 1)).mul(cumSum(x!, 1).sum(1)).sum(),
    args: [random([2, 3], 1)],
  },
  'values used several times': {
    fn: (x, y) =>
      x!
        .mul(y!)
        .add(x!)
        .div(y!.square().add(1))
        .add(x!.maximum(y!))
        .sub(concat([x!, y!]).mean())
        .sum(),
    args: [random([4], 1), random([4], 2)],
  },
  'an embedding': {
    fn: table => {
      const rows = gather(table!, table!.slice([0, 0], [3, 1]).flatten().cast('i32'))
      return gelu(rows).square().sum()
    },
    args: [arg([1.5, 0.2, 0.3, -0.7, 1.2, 0.4], [3, 2])],
  },
}

describe.each(Object.keys(composites))('%s', name => {
  const { fn, args, wrt = args.length } = composites[name] as Composite
  const n = wrt
  const split = (all: readonly Value[]): [Value[], Value[]] => [all.slice(0, n), all.slice(n)]
  const [p, rest] = [args.slice(0, n), args.slice(n)]
  const v = p.map((a, i) => random(a.shape, 50 + i, -1, 1))
  const u = p.map((a, i) => random(a.shape, 70 + i, -1, 1))

  /** Hessian times direction, the direction behind the arguments. */
  const product = (...all: Value[]): Value[] => {
    const [x, others] = split(all)
    return hvp((q: Value[]) => fn(...q, ...others.slice(0, rest.length)), x, others.slice(rest.length))
  }
  const gradient = (...all: Value[]): Value[] => {
    const [x, others] = split(all)
    return grad((q: Value[]) => fn(...q, ...others))(x)
  }

  test('both modes agree with central differences', () => {
    const fixed = (...x: Value[]): Value => fn(...x)
    checkDerivatives(fixed, args, { tolerance: 1e-6 })
  })

  test('the Hessian product is the difference of gradients', () => {
    const h = 1e-4
    const moved = (by: number): number[][] => {
      const there = p.map((a, i) => ({
        ...a,
        data: a.data.map((x, k) => x + by * (v[i]?.data[k] as number)),
      }))
      return values(gradient, ...there, ...rest)
    }
    const [up, down] = [moved(h), moved(-h)]
    const exact = values(product, ...args, ...v)
    const scale = scaleOf(...exact)
    for (const [i, block] of exact.entries())
      for (const [k, x] of block.entries()) {
        const numeric = ((up[i]?.[k] as number) - (down[i]?.[k] as number)) / (2 * h)
        expect(Math.abs(numeric - x), `argument ${i}, element ${k}`).toBeLessThan(1e-5 * scale)
      }
  })

  test('reverse over reverse gives it, too', () => {
    const twice = (...all: Value[]): Value[] => {
      const [x, others] = split(all)
      const along = others.slice(rest.length)
      const slope = (q: Value[]): Value =>
        gradient(...q, ...others.slice(0, rest.length))
          .map((g, i) => g.mul(along[i] as Value).sum())
          .reduce((a, b) => a.add(b))
      return grad(slope)(x)
    }
    const [one, other] = [values(product, ...args, ...v), values(twice, ...args, ...v)]
    const scale = scaleOf(...one)
    for (const [i, block] of one.entries())
      for (const [k, x] of block.entries())
        expect(Math.abs((other[i]?.[k] as number) - x)).toBeLessThan(1e-11 * scale)
  })

  test('the Hessian is symmetric', () => {
    const [hv, hu] = [values(product, ...args, ...v), values(product, ...args, ...u)]
    const pair = (a: readonly number[][], b: readonly Arg[]): number =>
      a.reduce((sum, block, i) => sum + dot(block, b[i]?.data ?? []), 0)
    expect(Math.abs(pair(hv, u) - pair(hu, v))).toBeLessThan(1e-10 * scaleOf(...hv, ...hu))
  })
})
