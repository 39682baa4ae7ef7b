import {
  abortRun,
  buildTable,
  checkFits,
  checkRange,
  controlBytes,
  encodePool,
  idlePhase,
  type KernelCode,
  offerRun,
  PhasePlaces,
  type PlacedModule,
  type RunRange,
} from '@stint/backend-wasm'
import type { Arena, Program, Runner } from '@stint/engine'
import { StintError } from '@stint/graph'
import type { Request, RunReport } from './messages.ts'
import { type Pool, type PoolArena, ThreadError } from './pool.ts'
import { PoolRunner } from './runner.ts'
import { shareOf } from './share.ts'
import { RemoteStore, SharedStore, type Store } from './store.ts'

let nextArena = 0

/** How a run ended: well, or why not. */
export type Outcome = { readonly error?: unknown }

/** One memory that the threads of a pool share: the arena, words by which they agree, the step tables. */
export class WorkerArena implements Arena, PoolArena {
  readonly id: number = nextArena++
  readonly slots: number
  readonly #bytes: number
  readonly #code: KernelCode
  readonly #pool: Pool
  readonly #loop: WebAssembly.Module
  readonly #store: Store
  readonly #control: number
  readonly #places = new PhasePlaces(idlePhase + 1)
  readonly #modules: PlacedModule[] = []
  /** Bytes in use: the arena, the control block and the tables behind them. */
  #top: number
  #run = 0
  #settle: ((outcome: Outcome) => void) | null = null
  #closed = false
  #ready: Promise<void> = Promise.resolve()
  /** Why the memory is gone. */
  #gone: ThreadError | undefined

  private constructor(bytes: number, slots: number, code: KernelCode, pool: Pool, loop: WebAssembly.Module) {
    this.#bytes = bytes
    this.#code = code
    this.#pool = pool
    this.#loop = loop
    this.slots = slots
    this.#control = Math.ceil(bytes / 64) * 64
    this.#top = this.#control + controlBytes(slots)
    this.#store = code.shared ? new SharedStore(this.#top) : new RemoteStore(this.#top, pool, this)
  }

  /** An arena of the first `slots` threads of the pool. They may start while programs are compiled for it. */
  static async open(bytes: number, slots: number, code: KernelCode, pool: Pool): Promise<WorkerArena> {
    const loop = await WebAssembly.compile(encodePool({ shared: code.shared }))
    const arena = new WorkerArena(bytes, Math.min(slots, pool.size), code, pool, loop)
    arena.#ready = pool.add(arena)
    // Whoever loads a program learns of it.
    arena.#ready.catch(() => undefined)
    return arena
  }

  get heldBytes(): number {
    return this.#closed ? 0 : this.#store.heldBytes
  }

  async load(program: Program): Promise<Runner> {
    this.#open()
    checkFits(program, this.#bytes)
    const { rangeOf, added } = await this.#places.add(program, this.#code)
    await this.#ready
    this.#modules.push(...added)
    if (added.length > 0) await this.#pool.ask(this, { kind: 'load', arena: this.id, modules: added })
    const table = buildTable(program, {
      phasesOf: rangeOf,
      shareOf: shareOf(program, this.#code, this.slots),
    })
    const at = this.#top
    await this.#store.write(at, new Uint8Array(table.words.buffer))
    this.#top = Math.ceil((at + 4 * table.words.length) / 16) * 16
    return new PoolRunner(program, table, at, this)
  }

  async write(offset: number, bytes: Uint8Array): Promise<void> {
    checkRange(offset, bytes.length, this.#bytes)
    this.#open()
    await this.#store.write(offset, bytes)
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    checkRange(offset, length, this.#bytes)
    this.#open()
    return this.#store.read(offset, length)
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#pool.remove(this, { kind: 'close', arena: this.id })
  }

  /** Runs a part of a step table on all threads; gives the first failure, when no thread is busy with it any more. */
  async execute(range: RunRange): Promise<Outcome> {
    this.#open()
    await this.#pool.mend()
    const run = (this.#run + 1) | 0
    this.#run = run
    const over = new Promise<Outcome>(resolve => {
      this.#settle = resolve
    })
    const store = this.#store
    const message = { kind: 'run', arena: this.id, run } as const
    if (!(store instanceof SharedStore)) {
      const outcome = await this.#pool.run(this, { ...message, range }, over)
      if (this.#gone !== undefined) throw this.#gone
      return outcome
    }
    const words = store.words(this.#control, controlBytes(this.slots))
    offerRun(words, range, run)
    const outcome = await this.#pool.run(this, message, over)
    if (outcome.error !== undefined) {
      abortRun(words, run)
      await this.#pool.settle(this)
    }
    return outcome
  }

  /** Bytes of a step table. */
  get store(): Store {
    return this.#store
  }

  setup(slot: number): readonly Request[] {
    if (this.#gone !== undefined) return []
    const { id, slots } = this
    const { memory } = this.#store
    return [
      { kind: 'open', arena: id, memory, control: this.#control, slot, slots, pool: this.#loop },
      { kind: 'load', arena: id, modules: this.#modules },
    ]
  }

  ended({ arena, run, error }: RunReport): void {
    if (arena === this.id && run === this.#run) this.#end(error === undefined ? {} : { error })
  }

  lost(reason: string): void {
    const error = new ThreadError(reason)
    if (!(this.#store instanceof SharedStore)) this.#gone = error
    this.#end({ error })
  }

  #end(outcome: Outcome): void {
    this.#settle?.(outcome)
    this.#settle = null
  }

  #open(): void {
    if (this.#closed) throw new StintError('CLOSED', 'the arena is closed')
    if (this.#gone !== undefined) throw this.#gone
  }
}
