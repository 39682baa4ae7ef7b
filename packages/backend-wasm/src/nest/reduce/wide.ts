import type { FunctionBuilder, Local } from '../../asm/index.ts'
import type { Vector } from '../vector.ts'

/** Adds a vector of f32 or f64 to two pairs of f64. */
export function addWide(f: FunctionBuilder, x: Vector, pairs: readonly Local[]): void {
  for (const [part, pair] of pairs.entries()) {
    f.get(pair)
    pushWide(f, x, part)
    f.op('f64x2.add').set(pair)
  }
}

/** Pushes elements 0 and 1 (part 0) or 2 and 3 as f64. */
export function pushWide(f: FunctionBuilder, x: Vector, part: number): void {
  if (x.dtype === 'f64') {
    f.get(x.parts[part]!)
    return
  }
  const source = x.parts[0]!
  f.get(source)
  if (part === 1) f.get(source).shuffle32([2, 3, 2, 3])
  f.op('f64x2.promote_low_f32x4')
}
