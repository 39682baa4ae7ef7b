import { f32, type TypedArray, trace } from '@stint/graph'
import { describe, expect, test } from 'vitest'
import { initialState } from '../initial-state.ts'
import { mse } from '../losses/mse.ts'
import { tensorsOf } from '../module.ts'
import { adam } from '../optim/adam.ts'
import { predictStep, trainStep } from '../step.ts'
import { numbers, runner } from '../testing/run.ts'
import { multiHeadAttention, transformerBlock } from './attention.ts'

type Weights = { readonly [name: string]: TypedArray }
type Rows = number[][]

const rowsOf = (x: ArrayLike<number>, width: number): Rows =>
  Array.from({ length: x.length / width }, (_, i) =>
    Array.from({ length: width }, (_, j) => x[i * width + j]!),
  )

/** y = x Wᵀ + b. */
const dense = (x: Rows, w: TypedArray, b?: TypedArray): Rows =>
  x.map(v => rowsOf(w, v.length).map((row, i) => row.reduce((s, e, j) => s + e * v[j]!, b?.[i] ?? 0)))

/** One sequence: x [T][D]. */
function plain(w: Weights, heads: number, x: Rows, causal: boolean, prefix = ''): Rows {
  const width = x[0]!.length
  const depth = width / heads
  const all = dense(x, w[`${prefix}in_proj_weight`]!, w[`${prefix}in_proj_bias`])
  const at = (t: number, part: number, head: number, i: number): number =>
    all[t]![part * width + head * depth + i]!
  const each = Array.from({ length: depth }, (_, i) => i)
  const joined = x.map((_, t) =>
    Array.from({ length: heads }, (_, h) => {
      const seen = x.map((_, s) => s).filter(s => !causal || s <= t)
      const e = seen.map(s =>
        Math.exp(each.reduce((sum, i) => sum + at(t, 0, h, i) * at(s, 1, h, i), 0) / Math.sqrt(depth)),
      )
      const total = e.reduce((a, b) => a + b)
      return each.map(i => seen.reduce((sum, s, j) => sum + (e[j]! / total) * at(s, 2, h, i), 0))
    }).flat(),
  )
  return dense(joined, w[`${prefix}out_proj.weight`]!, w[`${prefix}out_proj.bias`])
}

function closeTo(got: TypedArray, want: number[]): void {
  expect(got).toHaveLength(want.length)
  for (const [i, v] of want.entries()) expect(got[i]).toBeCloseTo(v, 5)
}

describe('multiHeadAttention', () => {
  const [n, steps, width, heads] = [2, 5, 6, 3]
  const x = numbers(n * steps * width, 4)
  const sequences = [x.subarray(0, steps * width), x.subarray(steps * width)].map(s => rowsOf(s, width))

  test.each([
    ['every position sees all', { causal: false }],
    ['every position sees itself and those before', { causal: true }],
    ['without bias', { causal: true, bias: false }],
  ])('%s', (_, options) => {
    const net = multiHeadAttention(width, heads, options)
    const weights = initialState(net, 3)
    const { output } = runner(predictStep(net), [f32(n, steps, width)], weights).step(x)
    closeTo(output!, sequences.flatMap(s => plain(weights, heads, s, options.causal)).flat())
  })

  test('stores no mask: the program has no constant', () => {
    const { graph } = trace(predictStep(multiHeadAttention(6, 3, { causal: true })), [f32(2, 5, 6)])
    expect(graph.constants).toEqual([])
  })

  test('learns, and what is hidden has no part in it', () => {
    const [net, optimizer] = [multiHeadAttention(4, 2, { causal: true }), adam(0.02)]
    const run = runner(
      trainStep(net, { loss: mse, optimizer }),
      [f32(2, 3, 4), f32(2, 3, 4)],
      initialState(net, 1, optimizer),
    )
    const data = numbers(24, 8)
    const losses = Array.from({ length: 60 }, () => run.step(data, data).loss![0]!)
    expect(losses.at(-1)).toBeLessThan(losses[0]! / 4)
  })

  test('refuses heads and shapes that do not fit', () => {
    expect(() => multiHeadAttention(6, 4)).toThrow(/heads.*divisor of 6/s)
    expect(() => trace(predictStep(multiHeadAttention(6, 3)), [f32(5, 6)])).toThrow(
      /\[N, T, 6\].*f32\[5,6\]/s,
    )
  })
})

describe('transformerBlock', () => {
  test('adds attention and two dense layers, each to what is normalized before it', () => {
    const net = transformerBlock(4, 2, { causal: true })
    const weights = initialState(net, 5)
    const x = numbers(3 * 4, 2)
    const { output } = runner(predictStep(net), [f32(1, 3, 4)], weights).step(x)
    const norm = (v: number[]): number[] => {
      const centre = v.reduce((a, b) => a + b) / v.length
      const deviation = Math.sqrt(v.reduce((s, e) => s + (e - centre) ** 2, 0) / v.length + 1e-5)
      return v.map(e => (e - centre) / deviation)
    }
    const gelu = (v: number): number =>
      0.5 * v * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v ** 3)))
    const add = (a: Rows, b: Rows): Rows => a.map((v, t) => v.map((e, i) => e + b[t]![i]!))
    const start = rowsOf(x, 4)
    const middle = add(start, plain(weights, 2, start.map(norm), true, 'self_attn.'))
    const inner = dense(middle.map(norm), weights['linear1.weight']!, weights['linear1.bias']).map(v =>
      v.map(gelu),
    )
    closeTo(output!, add(middle, dense(inner, weights['linear2.weight']!, weights['linear2.bias'])).flat())
  })

  test('names its tensors as PyTorch does', () => {
    expect([...tensorsOf(transformerBlock(4, 2)).keys()]).toEqual([
      'norm1.weight',
      'norm1.bias',
      'self_attn.in_proj_weight',
      'self_attn.in_proj_bias',
      'self_attn.out_proj.weight',
      'self_attn.out_proj.bias',
      'norm2.weight',
      'norm2.bias',
      'linear1.weight',
      'linear1.bias',
      'linear2.weight',
      'linear2.bias',
    ])
  })

  test('drops a share of both branches while training alone', () => {
    const net = transformerBlock(4, 2, { dropout: 0.5 })
    const draws = (fn: Parameters<typeof trace>[0]): number =>
      trace(fn, [f32(1, 3, 4), f32(1, 3, 4)]).graph.nodes.filter(n => n.op === 'randomBits').length
    expect(draws(trainStep(net, { loss: mse, optimizer: adam() }))).toBe(2)
    expect(trace(predictStep(net), [f32(1, 3, 4)]).graph.nodes.some(n => n.op === 'randomBits')).toBe(false)
  })
})
