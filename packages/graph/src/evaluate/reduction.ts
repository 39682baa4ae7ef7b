import { isFloat } from '../dtype.ts'
import type { ReductionOp } from '../ops/index.ts'
import type { ReductionAttrs } from '../ops/reduction/define.ts'
import { stridesOf } from '../type.ts'
import { type Dense, eachIndex, position, type Rule } from './dense.ts'

/** Folds the reduced elements of each output in row-major order, in f64, and rounds once. */
function reduce(
  initial: number,
  fold: (x: Dense) => (acc: number, element: number) => number,
): Rule<ReductionAttrs> {
  return {
    run([input], out, { axes }, { shape }) {
      const x = input as Dense
      const combine = fold(x)
      const kept = x.type.shape.map((_, a) => a).filter(a => !axes.includes(a))
      const strides = stridesOf(shape)
      const accumulators = new Float64Array(out.length).fill(initial)
      eachIndex(x.type.shape, (index, flat) => {
        const at = position(
          kept.map(a => index[a] as number),
          strides,
        )
        accumulators[at] = combine(accumulators[at] as number, x.data[flat] as number)
      })
      out.set(accumulators)
    },
  }
}

/** Integers wrap; 32 bits at a time they never leave what f64 holds exactly. */
const sum = reduce(0, x =>
  isFloat(x.type.dtype) ? (acc, element) => acc + element : (acc, element) => (acc + element) | 0,
)

export const reduction: { readonly [K in ReductionOp]: Rule } = {
  max: reduce(Number.NEGATIVE_INFINITY, () => Math.max),
  min: reduce(Number.POSITIVE_INFINITY, () => Math.min),
  sum,
}
