import type { DType } from '../../dtype.ts'
import { type Identity, operand, producedBy } from './rule.ts'

/** The other dtypes that hold every number of one. */
const within: { readonly [D in DType]: readonly DType[] } = {
  bool: ['u8', 'i32', 'u32', 'f32', 'f64'],
  u8: ['i32', 'u32', 'f32', 'f64'],
  i32: ['f64'],
  u32: ['f64'],
  f32: ['f64'],
  f64: [],
}

/** A cast to the same dtype, and one through a dtype that holds every number of the first. */
export const cast: Identity = (node, out) => {
  const x = operand(node)
  const to = node.attrs.dtype as DType
  if (out.type(x).dtype === to) return x
  const inner = producedBy('cast', x, out)
  if (inner === undefined) return undefined
  const from = operand(inner)
  const { dtype } = out.type(from)
  if (!within[dtype].includes(out.type(x).dtype)) return undefined
  return dtype === to ? from : out.emit('cast', { dtype: to }, [from], node)
}
