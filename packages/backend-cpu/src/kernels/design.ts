import type { Memory } from '../memory.ts'

/** A kernel worked out, for any memory. */
export interface Design {
  /** Scratch that a run needs: everything that is not an operand or a result. */
  readonly workspaceBytes: number
  compile(memory: Memory): Run
}

/** A kernel over one memory. */
export interface Run {
  /** Runs on the byte offsets of operands, then results, and of the workspace. Allocates nothing. */
  run(args: readonly number[], workspace: number): void
}

/** Lays parts of a workspace one after the other, each aligned to 8 bytes. */
export class Layout {
  bytes = 0

  /** The offset of `bytes` more. */
  add(bytes: number): number {
    const at = this.bytes
    this.bytes += Math.ceil(bytes / 8) * 8
    return at
  }
}
