import { isInteger } from '../dtype.ts'
import type { OpDef } from '../op.ts'
import { type Rule, stored } from './dense.ts'

/** The scalar meaning of the op at every element, in f64, rounded once. */
export function elementwise({ name, scalar, integer }: OpDef): Rule {
  return {
    run(inputs, out, _, type) {
      const whole = inputs.every(x => isInteger(x.type.dtype))
      const f = whole && integer !== undefined ? integer : scalar
      if (f === undefined) throw new TypeError(`elementwise op '${name}' has no scalar meaning`)
      const operands = inputs.map(() => 0)
      for (let i = 0; i < out.length; i++) {
        for (const [j, x] of inputs.entries()) operands[j] = x.data[i] as number
        out[i] = stored(f(...operands), type)
      }
    },
  }
}
