import type { Address, Kernel, KernelStep, Program, ProgramStep, Runner } from '@stint/engine'
import { bytesOf, dtypeBytes, StintError } from '@stint/graph'
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
  readonly #steps: readonly Step[]
  readonly #counters: number[]
  /** The kernel that runs, or ran last. */
  readonly #now: Now = { kernel: null }

  constructor(program: Program, memory: Memory) {
    const loaded: (Loaded | undefined)[] = []
    const load = (kernel: number): Loaded => {
      loaded[kernel] ??= new Loaded(program.kernels[kernel]!, memory, program.arenaBytes, this.#now)
      return loaded[kernel]
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
      const kernel = load(step.kernel)
      kernel.checkStep(step)
      const args = constants(step.args)
      const at = step.workspace?.[0] ?? 0
      if (args === null || typeof at !== 'number') return new Moving(kernel, step.args, at)
      kernel.check(args, at)
      return new Fixed(kernel, args, at)
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
    const { kernel } = this.#now
    return new KernelError(path[0]!, kernel === null ? 'no kernel' : nameOf(kernel), cause)
  }
}

interface Now {
  kernel: Kernel | null
}

/** The ops of a kernel, in order. */
function nameOf(kernel: Kernel): string {
  return kernel.body.length === 0 ? 'copy' : kernel.body.map(n => n.op).join(' ')
}

/** The addresses, if no loop moves one. */
function constants(args: readonly Address[]): number[] | null {
  const fixed = args.filter(a => typeof a === 'number')
  return fixed.length === args.length ? fixed : null
}

/** A kernel over the memory, with what its places must be like. */
class Loaded {
  readonly #kernel: Kernel
  readonly #run: Run
  readonly #now: Now
  readonly #workspaceBytes: number
  readonly #arenaBytes: number
  readonly #bytes: readonly number[]
  readonly #align: readonly number[]

  constructor(kernel: Kernel, memory: Memory, arenaBytes: number, now: Now) {
    const designed = design(kernel)
    const types = [...kernel.operands, ...kernel.results.map(r => r.type)]
    this.#kernel = kernel
    this.#now = now
    this.#run = designed.compile(memory)
    this.#workspaceBytes = designed.workspaceBytes
    this.#arenaBytes = arenaBytes
    this.#bytes = types.map(bytesOf)
    this.#align = types.map(type => dtypeBytes(type.dtype))
  }

  /** Throws unless a step gives every place and enough workspace. */
  checkStep({ args, workspace }: KernelStep): void {
    if (args.length !== this.#bytes.length)
      throw new StintError('PROGRAM', 'a step does not fit its kernel', {
        expected: `${this.#bytes.length} places`,
        got: `${args.length}`,
      })
    const bytes = workspace?.[1] ?? 0
    if (bytes < this.#workspaceBytes)
      throw new StintError('PROGRAM', 'a step gives too little workspace', {
        expected: `${this.#workspaceBytes} bytes`,
        got: `${bytes}`,
      })
  }

  /** Throws unless the places lie in the arena and are aligned. */
  check(args: readonly number[], workspace: number): void {
    this.#now.kernel = this.#kernel
    for (let i = 0; i < args.length; i++) this.#checkPlace(args[i]!, this.#bytes[i]!, this.#align[i]!)
    if (this.#workspaceBytes > 0) this.#checkPlace(workspace, this.#workspaceBytes, 8)
  }

  run(args: readonly number[], workspace: number): void {
    this.#now.kernel = this.#kernel
    this.#run.run(args, workspace)
  }

  #checkPlace(at: number, bytes: number, align: number): void {
    if (at >= 0 && at + bytes <= this.#arenaBytes && at % align === 0) return
    throw new StintError('PROGRAM', 'a place does not lie in the arena', {
      expected: `${bytes} bytes from a multiple of ${align}, below ${this.#arenaBytes}`,
      got: `${at}`,
    })
  }
}

/** A kernel at places that no loop moves. */
class Fixed implements Step {
  readonly #kernel: Loaded
  readonly #args: readonly number[]
  readonly #workspace: number

  constructor(kernel: Loaded, args: readonly number[], workspace: number) {
    this.#kernel = kernel
    this.#args = args
    this.#workspace = workspace
  }

  run(): void {
    this.#kernel.run(this.#args, this.#workspace)
  }
}

/** A kernel at places that follow the counters of the loops around it. */
class Moving implements Step {
  readonly #kernel: Loaded
  readonly #from: readonly Address[]
  readonly #args: number[]
  readonly #workspace: Address

  constructor(kernel: Loaded, args: readonly Address[], workspace: Address) {
    this.#kernel = kernel
    this.#from = args
    this.#args = args.map(() => 0)
    this.#workspace = workspace
  }

  run(counters: Counters): void {
    const args = this.#args
    for (let i = 0; i < args.length; i++) args[i] = addressAt(this.#from[i]!, counters)
    const workspace = addressAt(this.#workspace, counters)
    this.#kernel.check(args, workspace)
    this.#kernel.run(args, workspace)
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
