import type { OpDef } from '../../op.ts'
import { elementwise } from '../define.ts'

/** 1/x; its derivative −y² reads the result alone. */
export const reciprocal: OpDef = elementwise({
  name: 'reciprocal',
  flops: 4,
  scalar: x => 1 / (x as number),
  partials: [(t, { result }) => t.mul(result.square()).neg()],
})
