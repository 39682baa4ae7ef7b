import { type AnchorNest, inPlacePairs, type Kernel, UnsupportedKernel } from '@stint/engine'
import { dtypeBytes, sizeOf, type Type } from '@stint/graph'
import type { FunctionBuilder, Local } from '../asm/index.ts'
import type { DesignContext, KernelDesign, PhaseBuilder } from '../design.ts'
import { partOf } from '../nest/loops.ts'
import { emitBlock } from './block.ts'
import { anchorCost } from './cost.ts'
import { bareResult, epilogueOf, pushPart } from './dot.ts'
import { cap, forRange, locals, plus, times } from './emit.ts'
import { denseOffset, emitFlat } from './rows.ts'
import { type StridedView, type View, viewOf } from './views.ts'

/** Rows that pass through the workspace take about so many bytes. */
const chunkBytes = 16384

/** Rows of a table: `x [V, ...R]`, `idx [...I]` → `[...I, ...R]`. */
export function designGather(kernel: Kernel, nest: AnchorNest, { target }: DesignContext): KernelDesign {
  const [table, idx] = nest.sources.map(s => viewOf(kernel, s)) as [View, View]
  const offset = denseOffset(table)
  if (offset === null) throw new UnsupportedKernel('wasm', 'gather', kernel.signature)
  const [{ dtype, shape }] = nest.node.types as [Type]
  const rank = idx.shape.length
  const count = sizeOf(idx.shape)
  const rowBytes = sizeOf(shape.slice(rank)) * dtypeBytes(dtype)
  const result = bareResult(nest)
  const first = kernel.operands.length
  // Chunks are multiples of the innermost indices, or parts of them, so that they are boxes.
  const unit = idx.shape[rank - 1] ?? 1
  const most = Math.max(1, Math.min(256, Math.floor(chunkBytes / Math.max(1, rowBytes))))
  const chunk = Math.min(count, Math.max(1, most >= unit ? Math.floor(most / unit) * unit : most))
  const direct = denseOffset(idx)
  const indexBytes = direct === null ? Math.ceil((4 * chunk) / 64) * 64 : 0
  const partBytes = indexBytes + (result === null ? Math.ceil((chunk * rowBytes) / 64) * 64 : 0)
  const epilogue = epilogueOf(nest, [idx.shape.map((_, i) => i), shape.slice(rank).map((_, i) => rank + i)])
  const phase = (b: PhaseBuilder): void => {
    const { f } = b
    const [at, length, work, zero, to, from] = locals(f, 6)
    const [start, end] = partOf(f, b, count, chunk)
    pushPart(b, partBytes)
    f.set(work).i32(0).set(zero)
    forRange(
      f,
      at,
      end,
      () => {
        f.get(end).get(at).op('i32.sub').set(length)
        cap(f, length, chunk)
        if (direct === null) {
          emitFlat(b, idx, at, length, chunk, work)
          f.get(work).set(from)
        } else {
          plus(f.get(b.arg((idx as StridedView).operand)), direct)
          times(f.get(at), 4).op('i32.add').set(from)
        }
        if (result === null) plus(f.get(work), indexBytes).set(to)
        else
          times(f.get(b.arg(first + result)).get(at), rowBytes)
            .op('i32.add')
            .set(to)
        plus(f.get(b.arg((table as StridedView).operand)), offset)
        f.get(from)
          .get(to)
          .get(length)
          .call(rowGatherer(b, table.shape[0]!, rowBytes))
        if (result !== null) return
        emitBlock(b, {
          grouped: epilogue,
          spans: [
            { start: at, count: length, unit: chunk },
            { start: zero, count: sizeOf(shape.slice(rank)), unit: sizeOf(shape.slice(rank)) },
          ],
          anchor: { at: to, strides: [rowBytes, dtypeBytes(dtype)] },
          firstResult: first,
        })
      },
      { from: start, step: chunk },
    )
    f.release(at, length, work, zero, to, from, start, end)
  }
  return {
    operandAlign: kernel.operands.map(t => dtypeBytes(t.dtype)),
    variants: [
      {
        workspaceBytes: partBytes * target.threads,
        cost: anchorCost(kernel, nest, target.costs, 5 * count + (count * rowBytes) / 8, [
          { view: idx, times: 1 },
        ]),
        inPlace: inPlacePairs(kernel, nest),
        phases: count * rowBytes === 0 ? [] : [phase],
      },
    ],
  }
}

/** Helper (table, indices, to, count): copies `count` rows, zeros where the index is out of range. */
function rowGatherer(b: PhaseBuilder, rows: number, rowBytes: number): number {
  return b.helper(`gather ${rows} ${rowBytes}`, ['i32', 'i32', 'i32', 'i32'], [], f => {
    const [table, indices, to, count] = f.params as [Local, Local, Local, Local]
    const [row, from] = locals(f, 2)
    f.loop(next => {
      f.get(indices)
        .mem('i32.load')
        .tee(row)
        .i32(rows)
        .op('i32.lt_u')
        .if(
          () => {
            times(f.get(table).get(row), rowBytes).op('i32.add').set(from)
            copyBytes(f, to, from, rowBytes)
          },
          () => f.get(to).i32(0).i32(rowBytes).memoryFill(),
        )
      f.increment(to, rowBytes).increment(indices, 4)
      f.get(count).i32(1).op('i32.sub').tee(count).brIf(next)
    })
  })
}

/** Copies a constant number of bytes. */
function copyBytes(f: FunctionBuilder, to: Local, from: Local, bytes: number): void {
  if (bytes > 1024) {
    f.get(to).get(from).i32(bytes).memoryCopy()
    return
  }
  let at = 0
  for (; bytes - at >= 16; at += 16) f.get(to).get(from).mem('v128.load', at).mem('v128.store', at)
  for (; bytes - at >= 8; at += 8) f.get(to).get(from).mem('i64.load', at).mem('i64.store', at)
  for (; bytes - at >= 4; at += 4) f.get(to).get(from).mem('i32.load', at).mem('i32.store', at)
  for (; bytes - at >= 1; at += 1) f.get(to).get(from).mem('i32.load8_u', at).mem('i32.store8', at)
}
