import type { Arena, Program, Runner } from '@stint/engine'
import { StintError } from '@stint/graph'
import { pageBytes } from './asm/index.ts'
import type { KernelCode } from './code.ts'
import { phaseImports } from './compile.ts'
import { ProgramRunner } from './runner.ts'
import { buildTable } from './table/build.ts'
import { encodeLoop, type RunLoop } from './table/loop.ts'
import { instantiatePhases, PhasePlaces } from './table/phases.ts'

/** One WebAssembly memory: the arena, then the step tables of the programs loaded into it. */
export class WasmArena implements Arena {
  readonly #bytes: number
  readonly #code: KernelCode
  readonly #functions = new WebAssembly.Table({ element: 'anyfunc', initial: 0 })
  readonly #phases = new PhasePlaces()
  #memory: WebAssembly.Memory | null
  #loop: Promise<RunLoop> | undefined
  /** Bytes in use: the arena and the tables behind it. */
  #top: number

  constructor(bytes: number, code: KernelCode) {
    this.#bytes = bytes
    this.#code = code
    this.#top = Math.ceil(bytes / 16) * 16
    this.#memory = new WebAssembly.Memory({ initial: Math.max(1, Math.ceil(bytes / pageBytes)) })
  }

  get heldBytes(): number {
    return this.#memory?.buffer.byteLength ?? 0
  }

  async load(program: Program): Promise<Runner> {
    const memory = this.#open()
    checkFits(program, this.#bytes)
    const { rangeOf, added } = await this.#phases.add(program, this.#code)
    for (const module of added) await instantiatePhases(module, this.#functions, phaseImports(memory))
    this.#loop ??= this.#instantiateLoop(memory)
    const run = await this.#loop
    const table = buildTable(program, { phasesOf: rangeOf })
    const at = this.#reserve(4 * table.words.length, memory)
    new Int32Array(memory.buffer, at, table.words.length).set(table.words)
    return new ProgramRunner(program, table, at, memory, run)
  }

  async write(offset: number, bytes: Uint8Array): Promise<void> {
    checkRange(offset, bytes.length, this.#bytes)
    new Uint8Array(this.#open().buffer).set(bytes, offset)
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    checkRange(offset, length, this.#bytes)
    return new Uint8Array(this.#open().buffer).slice(offset, offset + length)
  }

  async close(): Promise<void> {
    this.#memory = null
    this.#loop = undefined
  }

  async #instantiateLoop(memory: WebAssembly.Memory): Promise<RunLoop> {
    const module = await WebAssembly.compile(encodeLoop())
    const { exports } = await WebAssembly.instantiate(module, { env: { memory, table: this.#functions } })
    return exports.run as RunLoop
  }

  /** Address of so many bytes behind all that is in use; the memory grows by no more than they need. */
  #reserve(bytes: number, memory: WebAssembly.Memory): number {
    const at = this.#top
    this.#top = Math.ceil((at + bytes) / 16) * 16
    const missing = Math.ceil((this.#top - memory.buffer.byteLength) / pageBytes)
    if (missing > 0) memory.grow(missing)
    return at
  }

  #open(): WebAssembly.Memory {
    if (this.#memory === null) throw new StintError('CLOSED', 'the arena is closed')
    return this.#memory
  }
}

/** Throws unless the program's arena fits into so many bytes. */
export function checkFits(program: Program, bytes: number): void {
  if (program.arenaBytes > bytes)
    throw new StintError('ARENA', `program '${program.name}' does not fit the arena`, {
      expected: `at most ${bytes} bytes`,
      got: `${program.arenaBytes}`,
    })
}

/** Throws unless the bytes lie in an arena of so many. */
export function checkRange(offset: number, length: number, bytes: number): void {
  if (Number.isSafeInteger(offset) && offset >= 0 && length >= 0 && offset + length <= bytes) return
  throw new StintError('RANGE', 'the bytes do not lie in the arena', {
    expected: `0 to ${bytes}`,
    got: `${offset} to ${offset + length}`,
  })
}
