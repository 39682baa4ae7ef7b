import { type Site, StintError } from '@stint/graph'
import type { Kernel } from './kernel/kernel.ts'
import type { Program } from './program/program.ts'

/**
 * What a backend compiles for, as a plain value: a program planned on one machine runs on another of the same target.
 * The engine reads `name`, `numerics` and `threads`; the rest is the backend's own.
 */
export interface Target {
  readonly backend: string
  /** Version of the backend's numerics: equal versions give equal bits. */
  readonly numerics: number
  readonly threads: number
  /** Bytes at which values and workspaces start. */
  readonly align: number
  /** Features, tile sizes and the like. */
  readonly features: { readonly [name: string]: number | string | boolean }
  /** Costs: see `CostTable`. */
  readonly costs: CostTable
}

/** How long work takes on the target, for the planner: no clock is read at compile time. */
export interface CostTable {
  /** ns a step takes before any work. */
  readonly step: number
  /** FLOP a ns, by kind of work. */
  readonly flop: { readonly [work: string]: number }
  /** Bytes moved a ns. */
  readonly bytes: number
  /** Measured cost in ns by kernel signature, which goes before the model. */
  readonly measured?: { readonly [signature: string]: number }
}

/** One way to run a kernel: the same numbers with other workspace and time. */
export interface Variant {
  /** Bytes needed only while it runs; 0 for a copy (a kernel without a body), which plans use where they have no room. */
  readonly workspaceBytes: number
  /** Whole ns. */
  readonly cost: number
  /** Results that may take the place of an operand. Pairs that share no operand and no result may be used at once. */
  readonly inPlace: readonly (readonly [operand: number, result: number])[]
}

export interface KernelInfo {
  /** Bytes at which each operand must start (at most the target's alignment). */
  readonly operandAlign: readonly number[]
  /** At least one; the first is the fastest. */
  readonly variants: readonly Variant[]
}

/** A place where programs run. Chosen explicitly: `compile(step, { backend: cpu() })`. */
export interface Backend {
  readonly name: string
  target(options?: { readonly [name: string]: number | string | boolean }): Promise<Target>
  /** What the backend knows of each kernel before anything is planned. Throws UnsupportedKernel. */
  prepare(kernels: readonly Kernel[], target: Target): readonly KernelInfo[]
  open(arenaBytes: number, target: Target): Promise<Arena>
}

/** The memory of a session: one block of bytes that several programs run in. */
export interface Arena {
  /** Byte length of every buffer held, asked of the buffers: the arena rounded up to pages, and the step tables. */
  readonly heldBytes: number
  load(program: Program): Promise<Runner>
  write(offset: number, bytes: Uint8Array): Promise<void>
  read(offset: number, length: number): Promise<Uint8Array>
  close(): Promise<void>
}

export interface Runner {
  /** One run of all steps. Rejects with the error of the kernel that failed. */
  run(): Promise<void>
  /**
   * Runs one step alone: `path` leads through nested steps, `counters` holds the loop counters around it. The audit and
   * the profile are built on it.
   */
  step(path: readonly number[], counters: readonly number[]): Promise<void>
}

/** A backend has no way to run a kernel. */
export class UnsupportedKernel extends StintError {
  readonly signature: string
  constructor(backend: string, op: string, signature: string, fields: { got?: string; site?: Site } = {}) {
    super('UNSUPPORTED_KERNEL', `backend '${backend}' cannot run it`, {
      op,
      ...fields,
      hint: 'Choose another backend, or express it with other ops.',
    })
    this.signature = signature
  }
}
