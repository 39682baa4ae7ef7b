import { AttrError } from '../../errors.ts'
import type { OpDef } from '../../op.ts'
import type { Value } from '../../trace/value.ts'
import { showType, type Type } from '../../type.ts'
import { integers } from '../define.ts'

/** Element `i` of axis `a` is element `start[a] + i·step[a]`, while below `stop[a]`. */
export const slice: OpDef<{ start: readonly number[]; stop: readonly number[]; step: readonly number[] }> = {
  name: 'slice',
  kind: 'movement',
  arity: 1,
  infer([x], attrs) {
    const { dtype, shape } = x as Type
    const start = integers(attrs, 'start')
    const stop = integers(attrs, 'stop')
    const step = integers(attrs, 'step', 1)
    const rank = shape.length
    if (start.length !== rank || stop.length !== rank || step.length !== rank)
      throw new AttrError('start, stop and step name every axis', { expected: `${rank} entries each` })
    const to = shape.map((d, a) => {
      const [from, until] = [start[a] as number, stop[a] as number]
      if (from > until || until > d)
        throw new AttrError(`axis ${a} is out of range`, {
          expected: `0 <= start <= stop <= ${d} in ${showType({ dtype, shape })}`,
          got: `${from} to ${until}`,
        })
      return Math.ceil((until - from) / (step[a] as number))
    })
    return [{ dtype, shape: to }]
  },
  flops: () => 0,
  recompute: 'cheap',
  derivative: {
    kind: 'linear',
    operands: [0],
    transpose(ct, _, { inputs: [x], attrs }) {
      const { shape } = x as Value
      const spread = attrs.step.reduce((t, s, a) => (s === 1 ? t : interleave(t, a, s)), ct)
      const after = shape.map((d, a) => d - (attrs.start[a] as number) - (spread.shape[a] as number))
      const cut = spread.slice(
        attrs.start.map(() => 0),
        spread.shape.map((d, a) => d + Math.min(0, after[a] as number)),
      )
      return cut.pad(
        attrs.start,
        after.map(n => Math.max(0, n)),
      )
    },
  },
}

/** `step − 1` zeros after each element of `axis`. */
function interleave(x: Value, axis: number, step: number): Value {
  const shape = [...x.shape]
  const zeros = shape.map(() => 0)
  return x
    .reshape([...shape.slice(0, axis + 1), 1, ...shape.slice(axis + 1)])
    .pad([...zeros, 0], [...zeros.slice(0, axis + 1), step - 1, ...zeros.slice(axis + 1)])
    .reshape(shape.map((d, a) => (a === axis ? d * step : d)))
}
