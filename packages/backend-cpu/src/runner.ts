import type { Address, Kernel, Program, ProgramStep, Runner } from '@stint/engine'
import { StintError } from '@stint/graph'
import type { Run } from './kernels/design.ts'
import { design } from './kernels/kernel.ts'
import type { Memory } from './memory.ts'

/** A kernel failed while a program ran. */
export class KernelError extends StintError {
  /** Index of the step among the outermost ones. */
  readonly step: number

  constructor(step: number, what: string, cause: unknown) {
    super('KERNEL', `step ${step} failed`, {
      op: what,
      got: cause instanceof Error ? cause.message : String(cause),
    })
    this.step = step
    this.cause = cause
  }
}

/** Loop counters around a step, outermost first. */
type Counters = readonly number[]

interface Step {
  run(counters: number[]): void
  /** The steps inside: of a loop, or of both branches in turn. */
  readonly inner?: readonly Step[]
}

/** The steps of a program over one memory, each with its kernel and places at hand. */
export class ProgramRunner implements Runner {
  readonly #program: Program
  readonly #steps: readonly Step[]
  readonly #counters: number[]

  constructor(program: Program, memory: Memory) {
    this.#program = program
    const runs: (Run | undefined)[] = []
    const runOf = (kernel: number): Run => {
      runs[kernel] ??= design(program.kernels[kernel]!).compile(memory)
      return runs[kernel]
    }
    let deepest = 0
    const build = (step: ProgramStep, depth: number): Step => {
      deepest = Math.max(deepest, depth)
      if ('free' in step) return { run() {} }
      if ('repeat' in step)
        return new Repeat(
          step.repeat,
          depth,
          step.steps.map(s => build(s, depth + 1)),
        )
      if ('if' in step) {
        const [then, otherwise] = [step.then, step.else].map(list => list.map(s => build(s, depth))) as [
          Step[],
          Step[],
        ]
        return new Branch(step.if, memory.u8, then, otherwise)
      }
      const at = step.workspace?.[0] ?? 0
      const places = [...step.args, at]
      return places.every(p => typeof p === 'number')
        ? new Fixed(runOf(step.kernel), places.slice(0, -1) as number[], at as number)
        : new Moving(runOf(step.kernel), step.args, at)
    }
    this.#steps = program.steps.map(s => build(s, 0))
    this.#counters = new Array<number>(deepest).fill(0)
  }

  async run(): Promise<void> {
    const steps = this.#steps
    let index = 0
    try {
      for (; index < steps.length; index++) steps[index]!.run(this.#counters)
    } catch (cause) {
      throw this.#failure([index], cause)
    }
  }

  async step(path: readonly number[], counters: Counters): Promise<void> {
    let steps = this.#steps
    let step: Step | undefined
    for (const index of path) {
      step = steps[index]
      steps = step?.inner ?? []
    }
    if (step === undefined)
      throw new StintError('RANGE', 'the program has no such step', { got: `[${path.join(', ')}]` })
    for (const [i, counter] of counters.entries()) this.#counters[i] = counter
    try {
      step.run(this.#counters)
    } catch (cause) {
      throw this.#failure(path, cause)
    }
  }

  #failure(path: readonly number[], cause: unknown): KernelError {
    const step = this.#program.steps[path[0]!]!
    const kernel = 'kernel' in step ? this.#program.kernels[step.kernel] : undefined
    return new KernelError(path[0]!, kernel === undefined ? 'loop' : nameOf(kernel), cause)
  }
}

/** The ops of a kernel, in order. */
function nameOf(kernel: Kernel): string {
  return kernel.body.length === 0 ? 'copy' : kernel.body.map(n => n.op).join(' ')
}

/** A kernel at places that no loop moves. */
class Fixed implements Step {
  readonly #run: Run
  readonly #args: readonly number[]
  readonly #workspace: number

  constructor(run: Run, args: readonly number[], workspace: number) {
    this.#run = run
    this.#args = args
    this.#workspace = workspace
  }

  run(): void {
    this.#run.run(this.#args, this.#workspace)
  }
}

/** A kernel at places that follow the counters of the loops around it. */
class Moving implements Step {
  readonly #run: Run
  readonly #from: readonly Address[]
  readonly #args: number[]
  readonly #workspace: Address

  constructor(run: Run, args: readonly Address[], workspace: Address) {
    this.#run = run
    this.#from = args
    this.#args = args.map(() => 0)
    this.#workspace = workspace
  }

  run(counters: Counters): void {
    for (let i = 0; i < this.#from.length; i++) this.#args[i] = addressAt(this.#from[i]!, counters)
    this.#run.run(this.#args, addressAt(this.#workspace, counters))
  }
}

class Repeat implements Step {
  readonly #times: number
  readonly #depth: number
  readonly inner: readonly Step[]

  constructor(times: number, depth: number, inner: readonly Step[]) {
    this.#times = times
    this.#depth = depth
    this.inner = inner
  }

  run(counters: number[]): void {
    for (let t = 0; t < this.#times; t++) {
      counters[this.#depth] = t
      for (let i = 0; i < this.inner.length; i++) this.inner[i]!.run(counters)
    }
  }
}

class Branch implements Step {
  readonly #if: Address
  readonly #bytes: Uint8Array
  readonly #then: readonly Step[]
  readonly #else: readonly Step[]
  readonly inner: readonly Step[]

  constructor(at: Address, bytes: Uint8Array, then: readonly Step[], otherwise: readonly Step[]) {
    this.#if = at
    this.#bytes = bytes
    this.#then = then
    this.#else = otherwise
    this.inner = [...then, ...otherwise]
  }

  run(counters: number[]): void {
    const steps = this.#bytes[addressAt(this.#if, counters)] !== 0 ? this.#then : this.#else
    for (let i = 0; i < steps.length; i++) steps[i]!.run(counters)
  }
}

function addressAt(at: Address, counters: Counters): number {
  if (typeof at === 'number') return at
  let offset = at.base
  for (let i = 0; i < at.strides.length; i++) offset += at.strides[i]! * counters[i]!
  return offset
}
