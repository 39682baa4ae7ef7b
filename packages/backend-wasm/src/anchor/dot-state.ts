import type { Local } from '../asm/index.ts'
import type { PhaseBuilder } from '../design.ts'
import type { Span } from './block.ts'
import type { DotPlan } from './dot-plan.ts'
import { type Axis, times } from './emit.ts'
import { innerStride } from './matrix.ts'

/** Where a phase of a product is in its work: locals that its parts share. */
export class DotState {
  readonly b: PhaseBuilder
  readonly plan: DotPlan
  /** Address of this part's workspace. */
  readonly work: Local
  readonly batch: Local
  /** First row and column of the item, and how many. */
  readonly row: Local
  readonly rows: Local
  readonly column: Local
  readonly columns: Local
  /** First step of the piece of k, and how many. */
  readonly start: Local
  readonly steps: Local
  /** Addresses of the matrices of the batch, where they are stored. */
  readonly left: Local
  readonly right: Local

  constructor(b: PhaseBuilder, plan: DotPlan) {
    this.b = b
    this.plan = plan
    const local = (): Local => b.f.local('i32')
    this.work = local()
    this.batch = local()
    this.row = local()
    this.rows = local()
    this.column = local()
    this.columns = local()
    this.start = local()
    this.steps = local()
    this.left = local()
    this.right = local()
  }

  batchSpan(): Span {
    return { start: this.batch, count: 1, unit: 1 }
  }

  pieceSpan(): Span {
    return { start: this.start, count: this.steps, unit: this.plan.piece }
  }

  /** Adds to an address where the piece begins. */
  plusPiece(deep: readonly Axis[]): void {
    const { f } = this.b
    if (this.plan.piece < this.plan.k) times(f.get(this.start), innerStride(deep)).op('i32.add')
  }

  /** Pushes the number of steps along the innermost deep axis. */
  pushSteps(deep: readonly Axis[]): void {
    if (deep.length > 1) this.b.f.i32(deep[deep.length - 1]!.size)
    else this.b.f.get(this.steps)
  }
}
