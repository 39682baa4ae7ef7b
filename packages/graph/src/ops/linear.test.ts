import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Argument, arg, scattered, values } from '../evaluate/testing.ts'
import type { Attrs } from '../graph.ts'
import { emit } from '../trace/current.ts'
import { trace } from '../trace/trace.ts'
import type { Value } from '../trace/value.ts'
import type { Shape } from '../type.ts'
import { type OpName, opDef } from './index.ts'

/** One use of a linear op. Its numbers are quarters, so that every inner product is exact whatever the order. */
interface Use {
  readonly op: OpName
  readonly attrs: Attrs
  readonly inputs: readonly Argument[]
}

const dot = (a: readonly number[], b: readonly number[]) => a.reduce((s, x, i) => s + x * (b[i] as number), 0)

/** ⟨op(x), g⟩ = ⟨x, transpose(g)⟩ for every operand in which the op is linear. */
function expectAdjoint({ op, attrs, inputs }: Use): void {
  const { derivative } = opDef(op)
  if (derivative.kind !== 'linear') throw new Error(`${op} is not linear`)
  const operands = derivative.operands === 'all' ? inputs.map((_, i) => i) : derivative.operands
  const y = values((...x) => emit(op, attrs, ...x), ...inputs)
  const shape = shapeOf(op, attrs, inputs)
  const g = scattered(shape, 5)
  for (const operand of operands) {
    const back = values(
      (...all) => {
        const [ct, ...x] = all as [Value, ...Value[]]
        const result = emit(op, attrs, ...x)
        return derivative.transpose(ct, operand, { inputs: x, results: [result], result, attrs })
      },
      g,
      ...inputs,
    )
    const x = inputs[operand] as Argument
    expect(back).toHaveLength(x.data.length)
    expect(dot(back, x.data)).toBe(dot(y, g.data))
  }
}

function shapeOf(op: OpName, attrs: Attrs, inputs: readonly Argument[]): Shape {
  const { graph } = trace((...x: Value[]) => emit(op, attrs, ...x), inputs)
  return graph.values[graph.outputs[0]?.value ?? 0]?.shape ?? []
}

const settings = { seed: 17, numRuns: 60 }
const size = (most: number, least = 1) => fc.integer({ min: least, max: most })

/** Spatial rank 1 or 2 with everything that a convolution takes, the kernel fitting its input. */
const convolution = fc.integer({ min: 1, max: 2 }).chain(rank => {
  const each = <T>(a: fc.Arbitrary<T>) => fc.array(a, { minLength: rank, maxLength: rank })
  return fc
    .record({
      batch: size(2),
      groups: size(2),
      channels: size(2),
      filters: size(2),
      kernel: each(size(3)),
      stride: each(size(3)),
      dilation: each(size(2)),
      padding: each(fc.tuple(size(2, 0), size(2, 0))),
      spare: each(size(4, 0)),
    })
    .map(c => {
      const space = c.kernel.map((k, i) => {
        const [before, after] = c.padding[i] as [number, number]
        const extent = (k - 1) * (c.dilation[i] as number) + 1
        return Math.max(1, extent - before - after) + (c.spare[i] as number)
      })
      const { stride, padding, dilation, groups } = c
      return {
        attrs: { stride, padding, dilation, groups },
        x: [c.batch, c.channels * groups, ...space],
        w: [c.filters * groups, c.channels, ...c.kernel],
      }
    })
})

describe('transposes', () => {
  it('of conv, convInput and convWeight are one another', () => {
    fc.assert(
      fc.property(convolution, ({ attrs, x, w }) => {
        const inputs = [scattered(x, 1), scattered(w, 2)]
        const g = scattered(shapeOf('conv', attrs, inputs), 3)
        expectAdjoint({ op: 'conv', attrs, inputs })
        expectAdjoint({
          op: 'convInput',
          attrs: { ...attrs, size: x.slice(2) },
          inputs: [g, scattered(w, 2)],
        })
        expectAdjoint({
          op: 'convWeight',
          attrs: { ...attrs, size: w.slice(2) },
          inputs: [scattered(x, 1), g],
        })
      }),
      settings,
    )
  })

  it('of windows are one another', () => {
    fc.assert(
      fc.property(convolution, ({ attrs, x, w }) => {
        const window = w.slice(2)
        const padding = attrs.padding.map(([a, b], i) => {
          const most = (window[i] as number) - 1
          return [Math.min(a, most), Math.min(b, most)] as const
        })
        // Room for the window without the padding that was cut.
        const shape = [...x.slice(0, 2), ...x.slice(2).map((d, i) => d + (window[i] as number))]
        const pool = { window, stride: attrs.stride, padding }
        const input = scattered(shape, 1)
        const ct = scattered(shapeOf('sumPool', pool, [input]), 3)
        expectAdjoint({ op: 'sumPool', attrs: pool, inputs: [input] })
        expectAdjoint({ op: 'sumUnpool', attrs: { ...pool, size: shape.slice(2) }, inputs: [ct] })
        expectAdjoint({ op: 'maxPoolGather', attrs: pool, inputs: [input, scattered(shape, 4)] })
        expectAdjoint({ op: 'maxPoolScatter', attrs: pool, inputs: [input, ct] })
      }),
      settings,
    )
  })

  it('of dot restore the axes of either operand', () => {
    const axes = fc.record({
      batch: size(2, 0),
      contract: size(2, 0),
      left: size(2, 0),
      right: size(2, 0),
      order: fc.infiniteStream(fc.nat()),
    })
    fc.assert(
      fc.property(axes, ({ batch, contract, left, right, order }) => {
        const sizes = (n: number, first: number) => Array.from({ length: n }, (_, i) => first + i)
        const [b, c] = [sizes(batch, 2), sizes(contract, 1)]
        const a = arrange([b, c, sizes(left, 2)], order)
        const z = arrange([b, c, sizes(right, 3)], order)
        expectAdjoint({
          op: 'dot',
          attrs: {
            batch: [a.at[0] as number[], z.at[0] as number[]],
            contract: [a.at[1] as number[], z.at[1] as number[]],
          },
          inputs: [scattered(a.shape, 1), scattered(z.shape, 2)],
        })
      }),
      settings,
    )
  })

  it('of gather and scatterAdd are one another, with repeated indices and ones out of range', () => {
    const idx = arg([2, 0, 2, -1, 5, 1], [3, 2], 'i32')
    expectAdjoint({ op: 'gather', attrs: {}, inputs: [scattered([4, 3]), idx] })
    expectAdjoint({ op: 'scatterAdd', attrs: { rows: 4 }, inputs: [idx, scattered([3, 2, 3])] })
    expectAdjoint({ op: 'gather', attrs: {}, inputs: [scattered([4]), arg([3], [], 'i32')] })
  })

  it('of movement and sum', () => {
    const uses: Use[] = [
      { op: 'reshape', attrs: { shape: [6] }, inputs: [scattered([2, 3])] },
      { op: 'transpose', attrs: { perm: [2, 0, 1] }, inputs: [scattered([2, 3, 4])] },
      { op: 'flip', attrs: { axes: [1] }, inputs: [scattered([2, 3])] },
      { op: 'broadcast', attrs: { shape: [4, 3, 5], axes: [0, 1] }, inputs: [scattered([1, 3])] },
      { op: 'broadcast', attrs: { shape: [2], axes: [] }, inputs: [scattered([])] },
      { op: 'sum', attrs: { axes: [0, 2] }, inputs: [scattered([2, 3, 4])] },
    ]
    for (const use of uses) expectAdjoint(use)
    const steps = fc.record({ size: size(9, 0), start: size(4, 0), step: size(4), cut: size(4, 0) })
    fc.assert(
      fc.property(fc.array(steps, { minLength: 1, maxLength: 2 }), list => {
        const start = list.map(s => Math.min(s.start, s.size))
        const stop = list.map((s, i) => Math.max(start[i] as number, s.size - s.cut))
        const shape = list.map(s => s.size)
        expectAdjoint({
          op: 'slice',
          attrs: { start, stop, step: list.map(s => s.step) },
          inputs: [scattered(shape)],
        })
      }),
      settings,
    )
  })
})

describe('rules', () => {
  const uses: Use[] = [
    { op: 'pad', attrs: { before: [1, 0], after: [0, 2], value: 7 }, inputs: [scattered([2, 3])] },
    { op: 'concat', attrs: { axis: 1 }, inputs: [scattered([2, 3]), scattered([2, 0]), scattered([2, 1])] },
    { op: 'maxPool', attrs: { window: [2], stride: [1], padding: [[1, 0]] }, inputs: [scattered([1, 2, 5])] },
    { op: 'cast', attrs: { dtype: 'f64' }, inputs: [scattered([3], 1, 'f32')] },
  ]
  for (const { op, attrs, inputs } of uses)
    it(`of ${op} are adjoint in both modes`, () => {
      const { derivative } = opDef(op)
      if (derivative.kind !== 'rule') throw new Error(`${op} has no rule`)
      const tangents = inputs.map(({ shape, dtype }, i) => scattered(shape, 7 + i, dtype))
      const ct = scattered(shapeOf(op, attrs, inputs), 3)
      const at = (x: readonly Value[]) => {
        const result = emit(op, attrs, ...x)
        return { inputs: x, results: [result], result, attrs }
      }
      const forward = values(
        (...all) => {
          const n = inputs.length
          return derivative.jvp(all.slice(n), at(all.slice(0, n)))[0] as Value
        },
        ...[...inputs, ...tangents],
      )
      const back = inputs.map((_, i) =>
        values((g, ...x) => derivative.vjp([g as Value], at(x))[i] as Value, ct, ...inputs),
      )
      expect(dot(forward, ct.data)).toBe(back.reduce((sum, b, i) => sum + dot(b, tangents[i]?.data ?? []), 0))
    })
})

/** Puts groups of axes in a shuffled order: the shape, and where each axis of each group went. */
function arrange(
  groups: readonly (readonly number[])[],
  order: Iterable<number>,
): { shape: Shape; at: number[][] } {
  const keys = order[Symbol.iterator]()
  const axes = groups
    .flatMap((sizes, group) => sizes.map((d, i) => ({ d, group, i, key: keys.next().value as number })))
    .sort((p, q) => p.key - q.key)
  const at = groups.map(sizes => sizes.map(() => 0))
  for (const [axis, { group, i }] of axes.entries()) (at[group] as number[])[i] = axis
  return { shape: axes.map(x => x.d), at }
}
