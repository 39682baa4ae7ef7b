import type { Memory } from '../memory.ts'

/**
 * The loops of an anchor over stored sources, in `items` of which each makes its own part of the result (rows of a dot,
 * images of a convolution) or adds to it. What the kernel computes before and after is then needed for a few items at
 * a time only.
 */
export interface Core {
  readonly items: number
  /** Items that one call takes at most, where their sources or their result pass through the workspace. */
  readonly chunk: number
  /** Of each source: elements an item, or 0 where every item may read all of it. */
  readonly sourceUnits: readonly number[]
  /** The order in which the axes of a source are stored if it is computed; row-major unless given. */
  readonly sourceOrders?: readonly (readonly number[] | undefined)[]
  /** Elements of the result that an item makes, or 0 where the result is there after the last item. */
  readonly resultUnit: number
  readonly workspaceBytes: number
  compile(memory: Memory): CoreRun
}

export interface CoreRun {
  /**
   * Items `from` to before `to`; the calls of a run go through all items in order. `places`: byte offsets of the
   * sources, then of the result, at which their element 0 is or would be.
   */
  run(from: number, to: number, places: readonly number[], workspace: number): void
}
