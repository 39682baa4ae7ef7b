import type { Type, ValueId } from '@stint/graph'
import type { Target } from '../backend.ts'
import type { Kernel } from '../kernel/kernel.ts'

/** A byte offset into the arena, plus a stride for each loop around the step, outermost first. */
export type Address = number | { readonly base: number; readonly strides: readonly number[] }

/** The same for numbers. */
export type Scalar = number | { readonly base: number; readonly strides: readonly number[] }

/** A value at a fixed place: state, constants, inputs, outputs. */
export interface Slot {
  readonly name: string
  readonly type: Type
  readonly offset: number
}

/** One use of a kernel. `args` are the operands, then the results. */
export interface KernelStep {
  readonly kernel: number
  readonly variant: number
  readonly args: readonly Address[]
  readonly workspace?: readonly [at: Address, bytes: number]
  readonly scalars?: readonly Scalar[]
  /** The graph values that the step writes, for the audit and for pictures. */
  readonly writes?: readonly ValueId[]
}

/** A value's place becomes free. Nothing to do at run time; the audit and pictures read it. */
export interface FreeStep {
  readonly free: readonly [at: Address, bytes: number]
}

export interface RepeatStep {
  readonly repeat: number
  readonly steps: readonly ProgramStep[]
}

export interface BranchStep {
  readonly if: Address
  readonly then: readonly ProgramStep[]
  readonly else: readonly ProgramStep[]
}

export type ProgramStep = KernelStep | FreeStep | RepeatStep | BranchStep

/** All that a backend needs to run: kernels, and a list of steps with their places in the arena. Plain data. */
export interface Program {
  readonly name: string
  readonly target: Target
  readonly arenaBytes: number
  readonly kernels: readonly Kernel[]
  readonly state: readonly Slot[]
  readonly constants: readonly (Slot & { readonly bytes: Uint8Array })[]
  readonly inputs: readonly Slot[]
  readonly outputs: readonly Slot[]
  readonly steps: readonly ProgramStep[]
}

export function isKernelStep(step: ProgramStep): step is KernelStep {
  return 'kernel' in step
}
