import { kernelError, type Span, type StepTable, spanOf } from '@stint/backend-wasm'
import type { Program, Runner } from '@stint/engine'
import type { WorkerArena } from './arena.ts'

/** A program as a step table in the memory of an arena. */
export class PoolRunner implements Runner {
  readonly #program: Program
  readonly #table: StepTable
  readonly #at: number
  readonly #arena: WorkerArena

  /** `at`: byte address of the table in memory. */
  constructor(program: Program, table: StepTable, at: number, arena: WorkerArena) {
    this.#program = program
    this.#table = table
    this.#at = at
    this.#arena = arena
  }

  run(): Promise<void> {
    return this.#call(this.#table.all)
  }

  async step(path: readonly number[], counters: readonly number[]): Promise<void> {
    const span = spanOf(this.#table, path)
    if (counters.length > 0)
      await this.#arena.store.write(this.#at + 4, new Uint8Array(Int32Array.from(counters).buffer))
    await this.#call(span)
  }

  async #call({ start, end }: Span): Promise<void> {
    const at = this.#at
    const { error } = await this.#arena.execute({ at: at + start, end: at + end, header: at })
    if (error === undefined) return
    const word = await this.#arena.store.read(at, 4)
    throw kernelError(this.#program, new DataView(word.buffer, word.byteOffset).getInt32(0, true), error)
  }
}
