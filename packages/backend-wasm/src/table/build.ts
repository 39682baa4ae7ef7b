import type { Address, KernelStep, Program, ProgramStep } from '@stint/engine'
import { StintError } from '@stint/graph'
import { branchHead, entryKinds, moveHead, repeatHead, runHead } from './layout.ts'

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

/** Lays out the step table of a program. */
export function buildTable(
  program: Program,
  phasesOf: (kernel: number, variant: number) => PhaseRange,
): StepTable {
  const header = 1 + depthOf(program.steps)
  const writer = new TableWriter(header, phasesOf)
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
  readonly #phasesOf: (kernel: number, variant: number) => PhaseRange

  constructor(header: number, phasesOf: (kernel: number, variant: number) => PhaseRange) {
    this.words = new Array<number>(header).fill(0)
    this.#phasesOf = phasesOf
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
    const at = this.words.length
    if ('repeat' in step) {
      this.words.push(entryKinds.repeat, 0, outer, step.repeat, depth)
      if (this.words.length !== at + repeatHead) throw new Error('repeat entry')
      this.steps(step.steps, path, depth + 1, outer)
    } else if ('if' in step) this.#branch(step, path, depth, outer)
    else this.#kernel(step, depth, outer)
    this.words[at + 1] = 4 * (this.words.length - at)
  }

  #branch(step: Extract<ProgramStep, { if: Address }>, path: string, depth: number, outer: number): void {
    const at = this.words.length
    this.words.push(entryKinds.branch, 0, outer, 0, depth)
    this.#address(step.if, depth)
    if (this.words.length !== at + branchHead + depth) throw new Error('branch entry')
    const then = this.words.length
    this.steps(step.then, path, depth, outer)
    this.words[at + 3] = 4 * (this.words.length - then)
    this.steps(step.else, path, depth, outer, step.then.length)
  }

  #kernel(step: KernelStep, depth: number, outer: number): void {
    if ((step.scalars ?? []).length > 0)
      throw new StintError('PROGRAM', 'a kernel of this backend takes no scalars')
    const { first, count } = this.#phasesOf(step.kernel, step.variant)
    const record = [step.workspace?.[0] ?? 0, ...step.args]
    const at = this.words.length
    if (record.every(a => typeof a === 'number')) {
      this.words.push(entryKinds.run, 0, outer, first, count)
      if (this.words.length !== at + runHead) throw new Error('run entry')
    } else {
      this.words.push(entryKinds.move, 0, outer, first, count, record.length, depth)
      if (this.words.length !== at + moveHead) throw new Error('move entry')
      for (const address of record) this.#address(address, depth)
    }
    for (const address of record) this.words.push(typeof address === 'number' ? address : address.base)
  }

  #address(address: Address, depth: number): void {
    const { base, strides } = typeof address === 'number' ? { base: address, strides: [] } : address
    this.words.push(base)
    for (let d = 0; d < depth; d++) this.words.push(strides[d] ?? 0)
  }
}
