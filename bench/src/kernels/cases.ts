import { valueAndGrad } from '@stint/autodiff'
import { gelu, type Value } from '@stint/graph'
import { type Case, caseOf } from './case.ts'

type Swap = 'none' | 'a' | 'b' | 'ab'

/** C = A B, [M, K] by [K, N], with the operands that `swap` names stored transposed. */
function gemm(name: string, m: number, n: number, k: number, swap: Swap = 'none'): Case {
  const [left, right] = [swap.startsWith('a'), swap.endsWith('b')]
  return caseOf({
    name,
    about: `${m}×${n}×${k}${swap === 'none' ? '' : `, transposed ${swap}`}`,
    operands: [
      { path: 'a', shape: left ? [k, m] : [m, k] },
      { path: 'b', shape: right ? [n, k] : [k, n] },
    ],
    body: (a, b) => [a.dot(b, { batch: [[], []], contract: [[left ? 0 : 1], [right ? 1 : 0]] })],
    work: { flop: 2 * m * n * k },
    details: { m, n, k, transposed: swap },
  })
}

/** A small product, many times over, each of the last one's result: one call would be lost in its overhead. */
function smallGemm(name: string, n: number, repeat: number): Case {
  return caseOf({
    name,
    about: `${n}×${n}×${n}`,
    operands: [
      { path: 'a', shape: [n, n] },
      // Keeps the size of what it multiplies.
      { path: 'b', shape: [n, n], scale: Math.sqrt(3 / n) },
    ],
    body: (a, b) => [Array.from({ length: repeat }).reduce<Value>(c => c.matmul(b), a)],
    work: { flop: 2 * n * n * n },
    repeat,
    details: { m: n, n, k: n, transposed: 'none' },
  })
}

const large = 4 * 1024 * 1024
const vectors = (count: number, size: number) =>
  ['x', 'y', 'z'].slice(0, count).map(path => ({ path, shape: [size] }))

/** Work that memory bounds: `moved` arrays of `size` floats are read or written. */
function pointwise(
  name: string,
  about: string,
  size: number,
  operands: number,
  moved: number,
  body: (...v: Value[]) => Value,
  repeat = 1,
): Case {
  return caseOf({
    name,
    about,
    operands: vectors(operands, size),
    body: (...v) => [body(...v)],
    work: { bytes: 4 * moved * size },
    repeat,
    details: { elements: size },
  })
}

const activation = (x: Value, y: Value, z: Value): Value => gelu(x.mul(y).add(z), 'tanh')

const w7: readonly Case[] = [
  caseOf({
    name: 'w7-fwd',
    about: 'gelu(x·y + z), 4 Mi floats',
    operands: vectors(3, large),
    body: (x, y, z) => [activation(x, y, z)],
    work: undefined,
    details: { elements: large },
  }),
  caseOf({
    name: 'w7-grad',
    about: 'and its gradient in x, y and z',
    operands: vectors(3, large),
    body: (x, y, z) =>
      valueAndGrad((a: Value, b: Value, c: Value) => activation(a, b, c).sum(), { argnums: [0, 1, 2] })(
        x,
        y,
        z,
      )[1] as readonly Value[],
    work: undefined,
    details: { elements: large },
  }),
]

export const cases: readonly Case[] = [
  smallGemm('w6-64', 64, 100),
  gemm('w6-256', 256, 256, 256),
  gemm('w6-512', 512, 512, 512),
  gemm('w6-1024', 1024, 1024, 1024),
  gemm('gemm-4096x64x128', 4096, 64, 128),
  gemm('gemm-64x4096x128', 64, 4096, 128),
  gemm('gemm-128x128x4096', 128, 128, 4096),
  gemm('gemm-512-ta', 512, 512, 512, 'a'),
  gemm('gemm-512-tb', 512, 512, 512, 'b'),
  gemm('gemm-512-tab', 512, 512, 512, 'ab'),
  ...w7,
  pointwise('elementwise-scale', 'x · 0.5, 16 MiB each', large, 1, 2, x => x.mul(0.5)),
  pointwise('elementwise-add', 'x + y, 16 MiB each', large, 2, 3, (x, y) => x.add(y)),
  pointwise('elementwise-triad', 'x + 0.5 y, 16 MiB each', large, 2, 3, (x, y) => x.add(y.mul(0.5))),
  pointwise('elementwise-sum', 'Σ x, 16 MiB', large, 1, 1, x => x.sum()),
  pointwise('elementwise-softmax', 'rows of 1024, 16 MiB', large, 1, 2, x =>
    x.reshape([large / 1024, 1024]).softmax(),
  ),
]
