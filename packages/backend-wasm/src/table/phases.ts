import type { Program } from '@stint/engine'
import type { KernelCode, PhaseModule } from '../code.ts'
import type { PhaseRange } from './build.ts'

/** Exports of a module and where they go in the function table: `count` of them, from `p<first>` on, to `at`. */
interface Placement {
  readonly first: number
  readonly count: number
  readonly at: number
}

/** A module to instantiate, and the places of its phases. */
export interface PlacedModule {
  readonly module: WebAssembly.Module
  readonly places: readonly Placement[]
}

/** The phases that a program needs. */
export interface ProgramPhases {
  /** By kernel and variant. */
  readonly rangeOf: (kernel: number, variant: number) => PhaseRange
  /** Those that are not in the function table yet. */
  readonly added: readonly PlacedModule[]
}

/** Which phases are where in the function table of an arena. */
export class PhasePlaces {
  readonly #ranges = new Map<string, PhaseRange>()
  #next: number

  /** `first`: index of the first free place. */
  constructor(first = 0) {
    this.#next = first
  }

  /** Length that the function table must have. */
  get length(): number {
    return this.#next
  }

  /** Gives a place to every phase that the program needs. */
  async add(program: Program, code: KernelCode): Promise<ProgramPhases> {
    const used = variantsUsed(program)
    const keyOf = (kernel: number, variant: number): string =>
      `${program.kernels[kernel]!.signature}#${variant}`
    const missing = used.flatMap(([index, variant]) => {
      const key = keyOf(index, variant)
      return this.#ranges.has(key) ? [] : [{ key, kernel: program.kernels[index]!, variant }]
    })
    const added = (await code.modules(missing, program.target)).map(m => this.#place(m))
    return { rangeOf: (kernel, variant) => this.#ranges.get(keyOf(kernel, variant))!, added }
  }

  #place({ module, phases }: PhaseModule): PlacedModule {
    const places = phases.map(({ key, first, count }) => {
      const at = this.#next
      this.#next += count
      this.#ranges.set(key, { first: at, count })
      return { first, count, at }
    })
    return { module, places }
  }
}

/** Instantiates a module over a memory, and puts its phases into the function table. */
export async function instantiatePhases(
  { module, places }: PlacedModule,
  functions: WebAssembly.Table,
  imports: WebAssembly.Imports,
): Promise<void> {
  const { exports } = await WebAssembly.instantiate(module, imports)
  for (const { first, count, at } of places) {
    if (at + count > functions.length) functions.grow(at + count - functions.length)
    for (let i = 0; i < count; i++) functions.set(at + i, exports[`p${first + i}`])
  }
}

/** Every kernel and variant that a step names, once. */
function variantsUsed(program: Program): (readonly [kernel: number, variant: number])[] {
  const used = new Map<string, readonly [number, number]>()
  const visit = (steps: Program['steps']): void => {
    for (const step of steps) {
      if ('kernel' in step) used.set(`${step.kernel} ${step.variant}`, [step.kernel, step.variant])
      else if ('repeat' in step) visit(step.steps)
      else if ('if' in step) {
        visit(step.then)
        visit(step.else)
      }
    }
  }
  visit(program.steps)
  return [...used.values()]
}
