import type { OpDef } from '../../op.ts'
import { elementwise } from '../define.ts'

/** The whole number nearest to x, halves to the even one; keeps the sign of zero. Piecewise constant: no derivative. */
export const round: OpDef = elementwise({
  name: 'round',
  flops: 2,
  scalar: x => nearest(x as number),
  partials: 'none',
})

/** From here on (2⁵²) every f64 is whole, so that adding it makes the hardware round to nearest, ties to even. */
const whole = 4503599627370496

function nearest(x: number): number {
  const size = Math.abs(x)
  if (!(size < whole)) return x
  const rounded = size + whole - whole
  return x < 0 || Object.is(x, -0) ? -rounded : rounded
}
