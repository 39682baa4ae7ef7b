import type { Arena, Program, Runner } from '@stint/engine'
import { StintError } from '@stint/graph'
import { Memory } from './memory.ts'
import { ProgramRunner } from './runner.ts'

/** One buffer in which programs run. */
export class CpuArena implements Arena {
  readonly #bytes: number
  #memory: Memory | null

  constructor(bytes: number) {
    this.#bytes = bytes
    this.#memory = new Memory(bytes)
  }

  get heldBytes(): number {
    return this.#memory?.buffer.byteLength ?? 0
  }

  async load(program: Program): Promise<Runner> {
    const memory = this.#open()
    if (program.arenaBytes > this.#bytes)
      throw new StintError('ARENA', `program '${program.name}' does not fit the arena`, {
        expected: `at most ${this.#bytes} bytes`,
        got: `${program.arenaBytes}`,
      })
    return new ProgramRunner(program, memory)
  }

  async write(offset: number, bytes: Uint8Array): Promise<void> {
    this.#check(offset, bytes.length)
    this.#open().u8.set(bytes, offset)
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    this.#check(offset, length)
    return this.#open().u8.slice(offset, offset + length)
  }

  async close(): Promise<void> {
    this.#memory = null
  }

  #open(): Memory {
    if (this.#memory === null) throw new StintError('CLOSED', 'the arena is closed')
    return this.#memory
  }

  #check(offset: number, length: number): void {
    if (Number.isSafeInteger(offset) && offset >= 0 && length >= 0 && offset + length <= this.#bytes) return
    throw new StintError('RANGE', 'the bytes do not lie in the arena', {
      expected: `0 to ${this.#bytes}`,
      got: `${offset} to ${offset + length}`,
    })
  }
}
