import { dtypeBytes, type Shape, sizeOf } from '@stint/graph'
import type { Local } from '../asm/index.ts'
import type { PhaseBuilder } from '../design.ts'
import { partOf } from '../nest/loops.ts'
import { emitBlock } from './block.ts'
import { locals, times } from './emit.ts'
import { regroup } from './groups.ts'
import { elementsOf, type View } from './views.ts'

/** Bytes from the operand's start to the first element if a view is dense in row-major order, else null. */
export function denseOffset(view: View): number | null {
  if (view.kind !== 'strided') return null
  let inner = dtypeBytes(view.dtype)
  for (let a = view.shape.length - 1; a >= 0; a--) {
    if (view.shape[a] !== 1 && view.strides[a] !== inner) return null
    inner *= view.shape[a]!
  }
  return view.offset
}

/** Writes this part's share of a view's elements, in row-major order, to the address in `to`. */
export function emitDense(b: PhaseBuilder, view: View, to: () => void): void {
  const { f } = b
  const size = sizeOf(view.shape)
  const [from, count] = partOf(f, b, outerOf(view.shape))
  const rest = size / outerOf(view.shape)
  const [start, at] = locals(f, 2)
  f.get(count).get(from).op('i32.sub').set(count)
  times(f.get(from), rest).set(start)
  times(f.get(count), rest).set(count)
  to()
  times(f.get(start), dtypeBytes(view.dtype)).op('i32.add').set(at)
  emitFlat(b, view, start, count, rest, at)
  f.release(from, count, start, at)
}

/** Indices that parts share: those of the first axes, until there are enough. */
function outerOf(shape: Shape): number {
  let n = 1
  for (const size of shape) {
    if (n >= 64) break
    n *= size
  }
  return n
}

/** Writes elements `start` to before `start + count`, multiples of `unit`, in row-major order to the address `at`. */
export function emitFlat(
  b: PhaseBuilder,
  view: View,
  start: Local,
  count: Local,
  unit: number,
  at: Local,
): void {
  emitBlock(b, {
    grouped: regroup(elementsOf(view), [], [view.shape.map((_, i) => i)]),
    spans: [{ start, count, unit }],
    into: {
      expr: view.kind === 'computed' ? view.expr : 0,
      place: { at, strides: [dtypeBytes(view.dtype)] },
    },
  })
}
