import { type Graph, sin, split, type Value } from '@stint/graph'
import { describe, expect, test } from 'vitest'
import { grad } from './index.ts'
import { arg, compile } from './testing/numeric.ts'

const x = arg([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], [3, 4])

function gradient(fn: (x: Value) => Value): { graph: Graph; values: number[] } {
  const { graph, run } = compile(v => grad(fn)(v as Value) as Value, [x])
  return { graph, values: [...run(x)[0]!] }
}
const count = (graph: Graph, op: string): number => graph.nodes.filter(n => n.op === op).length

describe('the cotangent of what is sliced', () => {
  test('slices side by side make one concatenation', () => {
    const { graph, values } = gradient(v => {
      const [a, b] = split(v, 2, 1) as [Value, Value]
      return a.mul(b).sum()
    })
    expect([count(graph, 'concat'), count(graph, 'pad')]).toEqual([1, 0])
    expect(values).toEqual([3, 4, 1, 2, 7, 8, 5, 6, 11, 12, 9, 10])
  })

  test('what no slice reads is zero', () => {
    const { graph, values } = gradient(v =>
      v
        .slice([0, 1], [3, 2])
        .sum()
        .add(v.slice([0, 3], [3, 4]).mul(2).sum()),
    )
    expect([count(graph, 'concat'), count(graph, 'pad')]).toEqual([1, 0])
    expect(values).toEqual([0, 1, 0, 2, 0, 1, 0, 2, 0, 1, 0, 2])
  })

  test('slices that overlap, lie along two axes, or stand beside other readers add up', () => {
    const { values } = gradient(v =>
      [
        v.slice([0, 0], [2, 4]),
        v.slice([1, 0], [3, 4]).mul(10),
        v.slice([0, 2], [3, 4]).mul(100),
        v.slice([1, 1], [2, 2]).mul(1000),
        v.slice([0, 0], [3, 4], [2, 1]).mul(1e4),
        v.mul(1e5),
      ]
        .map(part => part.sum())
        .reduce((a, b) => a.add(b)),
    )
    expect(values).toEqual([
      110001, 110001, 110101, 110101, 100011, 101011, 100111, 100111, 110010, 110010, 110110, 110110,
    ])
  })

  test('one slice alone is padded', () => {
    const { graph, values } = gradient(v => v.slice([1, 0], [2, 4]).sum())
    expect([count(graph, 'concat'), count(graph, 'pad')]).toEqual([0, 1])
    expect(values).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0])
  })

  test('has derivatives in turn', () => {
    const f = (v: Value): Value => {
      const [a, b] = split(v, 2, 1) as [Value, Value]
      return sin(a).mul(b).sum()
    }
    const { values } = gradient(v => (grad(f)(v) as Value).sum())
    // d/da (cos(a) b + sin(a)) = −sin(a) b + cos(a); d/db = cos(a).
    const want = [0, 1, 2].flatMap(r => {
      const [a, b] = [
        [4 * r + 1, 4 * r + 2],
        [4 * r + 3, 4 * r + 4],
      ] as const
      return [...a.map((e, i) => -Math.sin(e) * b[i]! + Math.cos(e)), ...a.map(e => Math.cos(e))]
    })
    for (const [i, w] of want.entries()) expect(values[i]).toBeCloseTo(w, 10)
  })
})
