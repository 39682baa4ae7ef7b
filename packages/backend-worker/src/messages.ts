import type { PlacedModule, RunRange } from '@stint/backend-wasm'

/** An arena that a thread is to work in: its memory, or, where memory cannot be shared, how many pages to make. */
export interface OpenArena {
  readonly kind: 'open'
  readonly arena: number
  readonly memory: WebAssembly.Memory | number
  /** Byte address of the control block. */
  readonly control: number
  /** How many threads share its runs, this one among them: `slot` is its number. */
  readonly slot: number
  readonly slots: number
  /** The loop over step tables. */
  readonly pool: WebAssembly.Module
}

/** Modules whose phases go into the arena's function table. */
interface LoadModules {
  readonly kind: 'load'
  readonly arena: number
  readonly modules: readonly PlacedModule[]
}

/** To take part in a run. A thread whose memory is its own is told what to run. */
export interface TakePart {
  readonly kind: 'run'
  readonly arena: number
  readonly run: number
  readonly range?: RunRange
}

/** Bytes of a memory that is the thread's own; it grows to hold them. */
interface WriteBytes {
  readonly kind: 'write'
  readonly arena: number
  readonly at: number
  readonly bytes: Uint8Array<ArrayBuffer>
}

interface ReadBytes {
  readonly kind: 'read'
  readonly arena: number
  readonly at: number
  readonly length: number
}

interface CloseArena {
  readonly kind: 'close'
  readonly arena: number
}

/** Asks for an answer alone: the thread has left every run that it was told of before. */
interface Ping {
  readonly kind: 'ping'
}

export type Request = OpenArena | LoadModules | WriteBytes | ReadBytes | CloseArena | Ping

/** What is said to a thread: runs, which are reported, and requests, which are answered. */
export type ToThread = TakePart | { readonly kind: 'request'; readonly id: number; readonly request: Request }

/** A run has ended: this thread came to its end, or a kernel failed on it. */
export interface RunReport {
  readonly kind: 'ended'
  readonly arena: number
  readonly run: number
  /** Why it failed. */
  readonly error?: string
}

export type FromThread =
  | RunReport
  | { readonly kind: 'answer'; readonly id: number; readonly value?: unknown; readonly error?: string }
