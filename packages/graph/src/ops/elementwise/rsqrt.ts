import type { OpDef } from '../../op.ts'
import { elementwise } from '../define.ts'

/** 1/√x; its derivative −y³/2 reads the result alone. */
export const rsqrt: OpDef = elementwise({
  name: 'rsqrt',
  flops: 8,
  scalar: x => 1 / Math.sqrt(x as number),
  partials: [(t, { result }) => t.mul(-0.5).mul(result.square().mul(result))],
})
