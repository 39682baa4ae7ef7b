import type { OpDef } from '../../op.ts'
import type { Value } from '../../trace/value.ts'
import { elementwise } from '../define.ts'

/** a / b. Integers truncate towards zero; an integer divided by zero is 0. */
export const div: OpDef = elementwise({
  name: 'div',
  takes: 'number',
  flops: 4,
  scalar: (a, b) => (a as number) / (b as number),
  // The f64 quotient of two 32-bit integers is never rounded up to a whole number that it does not reach.
  integer: (a, b) => (b === 0 ? 0 : Math.trunc((a as number) / (b as number))),
  partials: [
    (t, { inputs: [, b] }) => t.div(b as Value),
    (t, { inputs: [, b], result }) => t.mul(result.div(b as Value).neg()),
  ],
})
