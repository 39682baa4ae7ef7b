// What runs on each thread of the pool: a script of its own, bundled without the rest.
import {
  abortRun,
  control,
  controlBytes,
  idlePhase,
  instantiatePhases,
  offerRun,
  type PoolLoop,
  type PoolSpin,
  pageBytes,
  phaseImports,
} from '@stint/backend-wasm'
import type { FromThread, OpenArena, Request, TakePart, ToThread } from './messages.ts'
import { parentOf } from './port.ts'

/** An arena as one thread has it. */
interface ThreadArena {
  readonly memory: WebAssembly.Memory
  readonly functions: WebAssembly.Table
  readonly control: number
  readonly slot: number
  readonly slots: number
  readonly work: PoolLoop
}

/** How long a thread without work looks for some before it sleeps, in ms. */
const spinTime = 0.02

const parent = parentOf<ToThread, FromThread>()
const arenas = new Map<number, ThreadArena>()
let spins = 0
/** Requests are taken one after the other, though some have to wait. */
let queue: Promise<void> = Promise.resolve()

parent.listen(message => {
  queue = queue.then(() => take(message))
})

async function take(message: ToThread): Promise<void> {
  if (message.kind === 'run') takePart(message)
  else {
    const { id, request } = message
    try {
      parent.post({ kind: 'answer', id, value: await answer(request) })
    } catch (error) {
      parent.post({ kind: 'answer', id, error: textOf(error) })
    }
  }
}

async function answer(request: Request): Promise<unknown> {
  switch (request.kind) {
    case 'ping':
      return undefined
    case 'open':
      return open(request)
    case 'close':
      return void arenas.delete(request.arena)
    case 'load': {
      const { memory, functions } = arenas.get(request.arena)!
      for (const module of request.modules) await instantiatePhases(module, functions, phaseImports(memory))
      return
    }
    case 'write': {
      const { memory } = arenas.get(request.arena)!
      const missing = Math.ceil((request.at + request.bytes.length - memory.buffer.byteLength) / pageBytes)
      if (missing > 0) memory.grow(missing)
      new Uint8Array(memory.buffer).set(request.bytes, request.at)
      return memory.buffer.byteLength
    }
    case 'read':
      return new Uint8Array(arenas.get(request.arena)!.memory.buffer).slice(
        request.at,
        request.at + request.length,
      )
  }
}

async function open({ arena, memory: given, control: at, slot, slots, pool }: OpenArena): Promise<void> {
  const memory = typeof given === 'number' ? new WebAssembly.Memory({ initial: given }) : given
  const functions = new WebAssembly.Table({ element: 'anyfunc', initial: idlePhase + 1 })
  const { exports } = await WebAssembly.instantiate(pool, { env: { memory, table: functions } })
  functions.set(idlePhase, exports.idle)
  spins ||= calibrate(exports.spin as PoolSpin, at)
  arenas.set(arena, { memory, functions, control: at, slot, slots, work: exports.work as PoolLoop })
}

/** How often a thread can look for work in `spinTime`. */
function calibrate(spin: PoolSpin, at: number): number {
  const tries = 20_000
  let least = Number.POSITIVE_INFINITY
  for (let i = 0; i < 4; i++) {
    const start = performance.now()
    spin(at, tries)
    least = Math.min(least, performance.now() - start)
  }
  return Math.min(200_000, Math.max(500, Math.round((tries * spinTime) / Math.max(least, 1e-3))))
}

function takePart({ arena, run, range }: TakePart): void {
  const { memory, control: at, slot, slots, work } = arenas.get(arena)!
  const words = new Int32Array(memory.buffer, at, controlBytes(slots) / 4)
  if (range !== undefined) offerRun(words, range, run)
  try {
    if (work(at, slot, slots, run, spins) !== 0)
      parent.post({ kind: 'ended', arena, run: words[control.run / 4]! })
  } catch (error) {
    const failed = words[control.run / 4]!
    abortRun(words, failed)
    parent.post({ kind: 'ended', arena, run: failed, error: textOf(error) })
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
