import type { Target } from '@stint/engine'
import type { FunctionBuilder, Local, ValType } from './asm/index.ts'

/** Generates the code of one phase into an empty function of the signature (rec, part, parts, slot) → (). */
export type Phase = (b: PhaseBuilder) => void

/** How a variant of a kernel runs: its phases in order, each over the whole of the kernel's work. */
export interface VariantDesign {
  /** Bytes needed only while it runs; they start at a multiple of the target's alignment. */
  readonly workspaceBytes: number
  /** Whole ns. */
  readonly cost: number
  readonly inPlace: readonly (readonly [operand: number, result: number])[]
  /**
   * Phases run one after the other. `parts` callers run the same phase at once, each its own `part` of it; all have
   * finished before the next phase begins. Results are the same bits for any number of parts.
   */
  readonly phases: readonly Phase[]
}

/** All that is known of a kernel before it is planned; code is generated when a program is loaded. */
export interface KernelDesign {
  readonly operandAlign: readonly number[]
  readonly variants: readonly VariantDesign[]
}

/** What a design may depend on besides the kernel. */
export interface DesignContext {
  readonly target: Target
  /** Fused multiply-add (relaxed SIMD) inside contractions. */
  readonly relaxed: boolean
}

/** What a phase generates code with. */
export interface PhaseBuilder {
  readonly f: FunctionBuilder
  /** i32: which part of the work to do, from 0. */
  readonly part: Local
  /** i32: in how many parts the work is done. */
  readonly parts: Local
  /**
   * i32: which of the target's threads runs the part, for scratch space of its own. There may be more parts than
   * threads, and any thread may be given any part.
   */
  readonly slot: Local
  readonly relaxed: boolean
  /** i32: byte offset of operand or result `index` (operands first), read once at the start of the function. */
  arg(index: number): Local
  /** i32: byte offset of the workspace. */
  workspace(): Local
  /** Index of a helper function, the same for equal keys in one module: generated once, called by many phases. */
  helper(
    key: string,
    params: readonly ValType[],
    results: readonly ValType[],
    build: (f: FunctionBuilder) => void,
  ): number
  /** Index of a function of @stint/graph's `math`, on f64: for what has no vector code. */
  scalarMath(name: ScalarMath): number
}

/** Functions of f64 that every module imports. */
export const scalarMath = [
  'atan2',
  'cos',
  'erf',
  'exp',
  'expm1',
  'log',
  'log1p',
  'pow',
  'sigmoid',
  'sin',
  'tanh',
] as const

export type ScalarMath = (typeof scalarMath)[number]
