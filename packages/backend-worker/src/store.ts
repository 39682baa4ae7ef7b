import { pageBytes } from '@stint/backend-wasm'
import type { OpenArena } from './messages.ts'
import type { Pool, PoolArena } from './pool.ts'

/** The bytes of an arena, and what lies behind it. */
export interface Store {
  /** Byte length of the memory. */
  readonly heldBytes: number
  /** What a thread is to open. */
  readonly memory: OpenArena['memory']
  /** Grows the memory if it must. */
  write(at: number, bytes: Uint8Array): Promise<void>
  /** A copy. */
  read(at: number, length: number): Promise<Uint8Array>
}

/** Room behind an arena for control words and step tables, in pages: address space, not memory. */
const roomPages = 1024

/** Memory that all threads share. */
export class SharedStore implements Store {
  readonly memory: WebAssembly.Memory

  constructor(bytes: number) {
    const initial = Math.ceil(bytes / pageBytes)
    const maximum = Math.min(65536, initial + roomPages)
    this.memory = new WebAssembly.Memory({ initial, maximum, shared: true })
  }

  get heldBytes(): number {
    return this.memory.buffer.byteLength
  }

  /** 32-bit words at a byte address. */
  words(at: number, bytes: number): Int32Array {
    return new Int32Array(this.memory.buffer, at, bytes / 4)
  }

  async write(at: number, bytes: Uint8Array): Promise<void> {
    const missing = Math.ceil((at + bytes.length - this.heldBytes) / pageBytes)
    if (missing > 0) this.memory.grow(missing)
    new Uint8Array(this.memory.buffer).set(bytes, at)
  }

  async read(at: number, length: number): Promise<Uint8Array> {
    return new Uint8Array(this.memory.buffer).slice(at, at + length)
  }
}

/** Memory of the one thread that uses it, where memory cannot be shared: its bytes come and go as messages. */
export class RemoteStore implements Store {
  readonly memory: number
  readonly #pool: Pool
  readonly #arena: PoolArena & { readonly id: number }
  #held: number

  constructor(bytes: number, pool: Pool, arena: PoolArena & { readonly id: number }) {
    this.memory = Math.ceil(bytes / pageBytes)
    this.#held = this.memory * pageBytes
    this.#pool = pool
    this.#arena = arena
  }

  get heldBytes(): number {
    return this.#held
  }

  async write(at: number, bytes: Uint8Array): Promise<void> {
    const request = { kind: 'write', arena: this.#arena.id, at, bytes: bytes.slice() } as const
    const [held] = await this.#pool.ask(this.#arena, request)
    this.#held = held as number
  }

  async read(at: number, length: number): Promise<Uint8Array> {
    const [bytes] = await this.#pool.ask(this.#arena, { kind: 'read', arena: this.#arena.id, at, length })
    return bytes as Uint8Array
  }
}
