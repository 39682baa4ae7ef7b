import type { Local } from '../asm/index.ts'
import { emitBlock } from './block.ts'
import type { Strip } from './dot-plan.ts'
import type { DotState } from './dot-state.ts'
import { forRange, locals, plus, plusIndex, times } from './emit.ts'
import { innerStride } from './matrix.ts'
import { linePacker, panelPacker } from './pack.ts'

/** What a phase reads of B: blocks of columns where they are computed, and panels. */
export class DotRight {
  readonly #state: DotState
  /** Address of what a panel's tiles read. */
  readonly panel: Local
  /** Address and first column of the computed block. */
  readonly #block: Local
  readonly #column: Local

  constructor(state: DotState) {
    this.#state = state
    const [panel, block, column] = locals(state.b.f, 3)
    this.panel = panel
    this.#block = block
    this.#column = column
  }

  /** Computes columns of B, this piece of them, if they are to be computed. */
  compute(column: Local, columns: Local): void {
    const { b, plan, work } = this.#state
    const { right, rightAt, rightPitch, lane, columnUnit } = plan
    if (right.kind !== 'computed') return
    plus(b.f.get(work), rightAt).set(this.#block)
    b.f.get(column).set(this.#column)
    const strides = [0, lane.bytes, rightPitch * lane.bytes]
    emitBlock(b, {
      grouped: right.grouped,
      spans: [
        this.#state.batchSpan(),
        { start: column, count: columns, unit: columnUnit },
        this.#state.pieceSpan(),
      ],
      into: { expr: right.expr, place: { at: this.#block, strides } },
      axis: right.axis,
    })
  }

  /** Sets `panel` for the columns from `at` on, packing them if need be. */
  ready(at: Local, strip: Strip, width: number): void {
    const state = this.#state
    const { f } = state.b
    const { right, rightBy, rightAt, lane } = state.plan
    if (right.kind === 'computed') {
      times(f.get(at).get(this.#column).op('i32.sub'), lane.bytes)
      f.get(this.#block).op('i32.add').set(this.panel)
      return
    }
    const from = (column: Local): void => {
      plusIndex(f.get(state.right), column, right.free)
      state.plusPiece(right.deep)
    }
    if (rightBy === 'direct') {
      from(at)
      f.set(this.panel)
      return
    }
    plus(f.get(state.work), rightAt).set(this.panel)
    if (rightBy === 'panels') {
      const panel = { lane, vectors: strip.vectors, width, column: innerStride(right.free), deep: right.deep }
      f.get(this.panel)
      from(at)
      state.pushSteps(right.deep)
      f.call(panelPacker(state.b, panel))
      return
    }
    const packer = linePacker(state.b, lane, right.deep, 16 * strip.vectors)
    const [i, column] = locals(f, 2)
    forRange(f, i, width, () => {
      f.get(at).get(i).op('i32.add').set(column)
      times(f.get(this.panel).get(i), lane.bytes).op('i32.add')
      from(column)
      state.pushSteps(right.deep)
      f.call(packer)
    })
    f.release(i, column)
  }

  /** Bytes from one k to the next of what tiles of so many vectors read. */
  step(vectors: number): number {
    const { right, rightBy, rightPitch, lane } = this.#state.plan
    if (right.kind === 'computed') return rightPitch * lane.bytes
    return rightBy === 'direct' ? innerStride(right.deep) : 16 * vectors
  }
}
