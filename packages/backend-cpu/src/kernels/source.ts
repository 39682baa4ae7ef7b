import { type Kernel, lowerSource, type Source } from '@stint/engine'
import { type Shape, stridesOf, type Type } from '@stint/graph'

/** A source as the loops of an anchor find it. */
export interface SourceType extends Type {
  /** Where its elements are in an operand: strides of each axis, in elements. Null where they have to be computed. */
  readonly stored: Stored | null
}

interface Stored {
  readonly operand: number
  readonly offset: number
  readonly strides: readonly number[]
}

/** A source that is an operand, as it is or through movement that moves nothing, is read there. */
export function sourceType(kernel: Kernel, source: Source): SourceType {
  const { type } = source
  if (source.kind === 'operand')
    return { ...type, stored: { operand: source.operand, offset: 0, strides: stridesOf(type.shape) } }
  const { domain, exprs, expr } = lowerSource(kernel, source.local)
  const load = exprs[expr]!
  if (load.kind !== 'load' || load.guards.length > 0) return { ...type, stored: null }
  const strides = unmerge(type.shape, domain, load.at.coefs)
  return { ...type, stored: { operand: load.operand, offset: load.at.offset, strides } }
}

/** The coefficient of each axis of `shape` of which neighbours were merged into `domain`. */
function unmerge(shape: Shape, domain: Shape, coefs: readonly number[]): number[] {
  const strides = shape.map(() => 0)
  let group = domain.length - 1
  let within = 1
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const size = shape[axis]!
    if (size === 1) continue
    strides[axis] = coefs[group]! * within
    within *= size
    if (within === domain[group]) {
      group--
      within = 1
    }
  }
  return strides
}

/** True if elements follow each other in row-major order from the first. */
export function isDense({ shape, stored }: SourceType): boolean {
  if (stored === null || stored.offset !== 0) return false
  const dense = stridesOf(shape)
  return stored.strides.every((s, axis) => shape[axis] === 1 || s === dense[axis])
}
