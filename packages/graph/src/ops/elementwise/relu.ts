import type { OpDef } from '../../op.ts'
import { elementwise } from '../define.ts'

/** max(x, 0), NaN for NaN. The derivative at 0 is 0; it reads the result alone, so x need not be kept. */
export const relu: OpDef = elementwise({
  name: 'relu',
  takes: 'number',
  scalar: x => Math.max(x as number, 0),
  partials: [(t, { result }) => result.gt(0).where(t, 0)],
})
