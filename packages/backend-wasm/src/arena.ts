import type { Arena, Program, Runner } from '@stint/engine'
import { StintError } from '@stint/graph'
import { pageBytes } from './asm/index.ts'
import type { KernelCode } from './code.ts'
import { phaseImports } from './compile.ts'
import { ProgramRunner, type RunLoop } from './runner.ts'
import { buildTable, type PhaseRange } from './table/build.ts'
import { encodeLoop } from './table/loop.ts'

/** One WebAssembly memory: the arena, then the step tables of the programs loaded into it. */
export class WasmArena implements Arena {
  readonly #bytes: number
  readonly #code: KernelCode
  readonly #functions = new WebAssembly.Table({ element: 'anyfunc', initial: 0 })
  readonly #phases = new Map<string, PhaseRange>()
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
    if (program.arenaBytes > this.#bytes)
      throw new StintError('ARENA', `program '${program.name}' does not fit the arena`, {
        expected: `at most ${this.#bytes} bytes`,
        got: `${program.arenaBytes}`,
      })
    const ranges = await this.#instantiate(program, memory)
    this.#loop ??= this.#instantiateLoop(memory)
    const run = await this.#loop
    const table = buildTable(program, (kernel, variant) => ranges.get(`${kernel} ${variant}`)!)
    const at = this.#reserve(4 * table.words.length, memory)
    new Int32Array(memory.buffer, at, table.words.length).set(table.words)
    return new ProgramRunner(program, table, at, memory, run)
  }

  async write(offset: number, bytes: Uint8Array): Promise<void> {
    this.#check(offset, bytes.length)
    new Uint8Array(this.#open().buffer).set(bytes, offset)
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    this.#check(offset, length)
    return new Uint8Array(this.#open().buffer).slice(offset, offset + length)
  }

  async close(): Promise<void> {
    this.#memory = null
    this.#loop = undefined
    this.#phases.clear()
  }

  /** Puts the phases that the program needs, and that are not there yet, into the function table. */
  async #instantiate(program: Program, memory: WebAssembly.Memory): Promise<ReadonlyMap<string, PhaseRange>> {
    const used = variantsUsed(program)
    const keys = used.map(([kernel, variant]) => `${program.kernels[kernel]!.signature}#${variant}`)
    const missing = used.flatMap(([kernel, variant], i) =>
      this.#phases.has(keys[i]!) ? [] : [{ key: keys[i]!, kernel: program.kernels[kernel]!, variant }],
    )
    for (const { module, phases } of await this.#code.modules(missing, program.target)) {
      const { exports } = await WebAssembly.instantiate(module, phaseImports(memory))
      for (const { key, first, count } of phases) {
        const at = this.#functions.grow(count)
        for (let i = 0; i < count; i++) this.#functions.set(at + i, exports[`p${first + i}`])
        this.#phases.set(key, { first: at, count })
      }
    }
    return new Map(used.map(([k, v], i) => [`${k} ${v}`, this.#phases.get(keys[i]!)!]))
  }

  async #instantiateLoop(memory: WebAssembly.Memory): Promise<RunLoop> {
    const module = await WebAssembly.compile(encodeLoop({ shared: false }))
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

  #check(offset: number, length: number): void {
    if (Number.isSafeInteger(offset) && offset >= 0 && length >= 0 && offset + length <= this.#bytes) return
    throw new StintError('RANGE', 'the bytes do not lie in the arena', {
      expected: `0 to ${this.#bytes}`,
      got: `${offset} to ${offset + length}`,
    })
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
