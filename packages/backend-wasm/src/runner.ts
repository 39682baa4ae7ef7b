import type { Program, ProgramStep, Runner } from '@stint/engine'
import { StintError } from '@stint/graph'
import type { Span, StepTable } from './table/build.ts'
import type { RunLoop } from './table/loop.ts'

/** A kernel failed while a program ran. */
export class KernelError extends StintError {
  /** Index of the step among the outermost ones. */
  readonly step: number

  constructor(step: number, ops: string, cause: unknown) {
    super('KERNEL', `step ${step} failed`, {
      op: ops,
      got: cause instanceof Error ? cause.message : String(cause),
    })
    this.step = step
    this.cause = cause
  }
}

/** A program as a step table in memory: one call runs all of it. */
export class ProgramRunner implements Runner {
  readonly #program: Program
  readonly #table: StepTable
  readonly #at: number
  readonly #memory: WebAssembly.Memory
  readonly #loop: RunLoop

  /** `at`: byte address of the table in memory. */
  constructor(program: Program, table: StepTable, at: number, memory: WebAssembly.Memory, loop: RunLoop) {
    this.#program = program
    this.#table = table
    this.#at = at
    this.#memory = memory
    this.#loop = loop
  }

  async run(): Promise<void> {
    this.#call(this.#table.all)
  }

  async step(path: readonly number[], counters: readonly number[]): Promise<void> {
    const span = spanOf(this.#table, path)
    const header = new Int32Array(this.#memory.buffer, this.#at, this.#table.headerBytes / 4)
    for (const [i, counter] of counters.entries()) header[1 + i] = counter
    this.#call(span)
  }

  #call({ start, end }: Span): void {
    const at = this.#at
    try {
      this.#loop(at + start, at + end, at)
    } catch (cause) {
      const step = new Int32Array(this.#memory.buffer, at, 1)[0]!
      throw kernelError(this.#program, step, cause)
    }
  }
}

/** The entries of the step that `path` leads to. Throws StintError. */
export function spanOf(table: StepTable, path: readonly number[]): Span {
  const span = table.paths.get(path.join('.'))
  if (span === undefined)
    throw new StintError('RANGE', 'the program has no such step', { got: `[${path.join(', ')}]` })
  return span
}

/** The failure of a program's step, with the ops of its kernel. */
export function kernelError(program: Program, step: number, cause: unknown): KernelError {
  return new KernelError(step, opsOf(program, program.steps[step]), cause)
}

/** The ops of a step's kernel, in order. */
function opsOf(program: Program, step: ProgramStep | undefined): string {
  if (step === undefined || !('kernel' in step)) return 'loop'
  const { body } = program.kernels[step.kernel]!
  return body.length === 0 ? 'copy' : body.map(n => n.op).join(' ')
}
