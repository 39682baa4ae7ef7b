import type { Address, KernelStep, Program, ProgramStep } from '@stint/engine'
import { StintError } from '@stint/graph'
import { branchHead, entryHead, entryKinds, moveHead, runHead } from './layout.ts'

/** Where the phases of a kernel's variant lie in the function table. */
export interface PhaseRange {
  readonly first: number
  readonly count: number
}

/** The bytes of an entry, relative to the start of the table's entries. */
export interface Span {
  readonly start: number
  readonly end: number
}

export interface StepTable {
  /** Words of the header (the running step, the counters), then all entries. */
  readonly words: Int32Array<ArrayBuffer>
  /** Bytes of the header. */
  readonly headerBytes: number
  readonly all: Span
  /** Entries in bytes from the table's start by path, as in `2.0.1`; steps that free have an empty one. */
  readonly paths: ReadonlyMap<string, Span>
}

export interface TableOptions {
  readonly phasesOf: (kernel: number, variant: number) => PhaseRange
  /** How many parts of each phase every thread is given; 0, as by default, where one thread does it all. */
  readonly shareOf?: (kernel: number, variant: number) => number
}

/** Lays out the step table of a program. */
export function buildTable(program: Program, options: TableOptions): StepTable {
  const header = 1 + depthOf(program.steps)
  const writer = new TableWriter(header, options)
  writer.steps(program.steps, '', 0, -1)
  const words = Int32Array.from(writer.words)
  const start = 4 * header
  return { words, headerBytes: start, all: { start, end: 4 * words.length }, paths: writer.paths }
}

function depthOf(steps: readonly ProgramStep[]): number {
  return steps.reduce((deepest, step) => {
    if ('repeat' in step) return Math.max(deepest, 1 + depthOf(step.steps))
    if ('if' in step) return Math.max(deepest, depthOf(step.then), depthOf(step.else))
    return deepest
  }, 0)
}

class TableWriter {
  readonly words: number[]
  readonly paths = new Map<string, Span>()
  readonly #options: TableOptions

  constructor(header: number, options: TableOptions) {
    this.words = new Array<number>(header).fill(0)
    this.#options = options
  }

  /** `outer` is the index of the outermost step around these, or −1 if they are the outermost. */
  steps(steps: readonly ProgramStep[], path: string, depth: number, outer: number, from = 0): void {
    for (const [i, step] of steps.entries()) {
      const index = from + i
      const own = path === '' ? `${index}` : `${path}.${index}`
      const start = 4 * this.words.length
      this.#step(step, own, depth, outer < 0 ? index : outer)
      this.paths.set(own, { start, end: 4 * this.words.length })
    }
  }

  #step(step: ProgramStep, path: string, depth: number, outer: number): void {
    if ('free' in step) return
    if ('repeat' in step) this.#repeat(step, path, depth, outer)
    else if ('if' in step) this.#branch(step, path, depth, outer)
    else this.#kernel(step, depth, outer)
  }

  #repeat(step: Extract<ProgramStep, { repeat: number }>, path: string, depth: number, outer: number): void {
    const never = step.repeat === 0 ? this.#jump(outer) : null
    this.#entry([entryKinds.enter, 0, outer, depth])
    const top = this.words.length
    this.steps(step.steps, path, depth + 1, outer)
    const back = 4 * (this.words.length - top)
    this.#entry([entryKinds.again, 0, outer, depth, step.repeat, back])
    never?.()
  }

  #branch(step: Extract<ProgramStep, { if: Address }>, path: string, depth: number, outer: number): void {
    const at = this.words.length
    this.#entry([entryKinds.branch, 0, outer, 0, depth, ...affine(step.if, depth)])
    if (this.words.length !== at + branchHead + 1 + depth) throw new Error('branch entry')
    this.steps(step.then, path, depth, outer)
    const done = this.#jump(outer)
    this.words[at + entryHead] = 4 * (this.words.length - at)
    this.steps(step.else, path, depth, outer, step.then.length)
    done()
  }

  /** A jump to where the words end when its answer is called. */
  #jump(outer: number): () => void {
    const at = this.words.length
    this.#entry([entryKinds.jump, 0, outer, 0])
    return () => {
      this.words[at + entryHead] = 4 * (this.words.length - at)
    }
  }

  #kernel(step: KernelStep, depth: number, outer: number): void {
    if ((step.scalars ?? []).length > 0)
      throw new StintError('PROGRAM', 'a kernel of this backend takes no scalars')
    const { first, count } = this.#options.phasesOf(step.kernel, step.variant)
    const share = this.#options.shareOf?.(step.kernel, step.variant) ?? 0
    const addresses = [step.workspace?.[0] ?? 0, ...step.args]
    const record = addresses.map(a => (typeof a === 'number' ? a : a.base))
    const head = [0, outer, first, count, share]
    if (addresses.every(a => typeof a === 'number')) {
      if (head.length + 1 !== runHead) throw new Error('run entry')
      this.#entry([entryKinds.run, ...head, ...record])
      return
    }
    if (head.length + 3 !== moveHead) throw new Error('move entry')
    const places = addresses.flatMap(a => affine(a, depth))
    this.#entry([entryKinds.move, ...head, record.length, depth, ...places, ...record])
  }

  /** Its second word becomes its length. */
  #entry(words: readonly number[]): void {
    const at = this.words.length
    this.words.push(...words)
    this.words[at + 1] = 4 * words.length
  }
}

/** Base, then a stride for each loop around. */
function affine(address: Address, depth: number): number[] {
  const { base, strides } = typeof address === 'number' ? { base: address, strides: [] } : address
  return [base, ...Array.from({ length: depth }, (_, d) => strides[d] ?? 0)]
}
