import { StintError } from '@stint/graph'
import type { FromThread, Request, RunReport, TakePart, ToThread } from './messages.ts'
import { spawn, type Thread } from './port.ts'

/** What the pool must know of an arena. */
export interface PoolArena {
  /** How many threads share it: the first ones of the pool. */
  readonly slots: number
  /** What a thread is told of it before it can take part, in order. */
  setup(slot: number): readonly Request[]
  ended(report: RunReport): void
  /** A thread of its is gone. */
  lost(reason: string): void
}

/** A thread is gone. */
export class ThreadError extends StintError {
  constructor(reason: string) {
    super('THREAD', 'a thread is gone', { got: reason })
  }
}

interface Member {
  readonly thread: Thread<FromThread, ToThread>
  readonly waiting: Map<number, { resolve(value: unknown): void; reject(error: unknown): void }>
  alive: boolean
}

/** How long threads wait for the first arena, and for another one when the last has been closed, in ms. */
const patience = { first: 10_000, next: 1000 }

/**
 * Threads that the arenas of one backend share. They start with the first arena, and are replaced if one is gone; they
 * keep the process alive only while something runs.
 */
export class Pool {
  readonly #size: number
  readonly #script: string | URL | undefined
  readonly #arenas = new Set<PoolArena>()
  #members: Member[] = []
  #nextRequest = 0
  #busy = 0
  #leaving: ReturnType<typeof setTimeout> | undefined

  constructor(size: number, script?: string | URL) {
    this.#size = size
    this.#script = script
  }

  get size(): number {
    return this.#size
  }

  /** The threads, for tests. */
  get threads(): readonly Thread<FromThread, ToThread>[] {
    return this.#members.map(m => m.thread)
  }

  /** Tells the threads of an arena. What is asked afterwards is taken afterwards, whether this has come to an end or not. */
  async add(arena: PoolArena): Promise<void> {
    clearTimeout(this.#leaving)
    const known = this.#each(arena, (member, slot) => this.#setUp(member, slot, arena))
    this.#arenas.add(arena)
    await Promise.all([known, this.mend()])
  }

  /** Forgets the arena; without any, the threads end after a while. */
  async remove(arena: PoolArena, request: Request): Promise<void> {
    if (!this.#arenas.delete(arena)) return
    await this.ask(arena, request).catch(() => undefined)
    if (this.#arenas.size === 0) this.#leaveAfter(patience.next)
  }

  /** Starts the threads in the hope of an arena. */
  warm(): void {
    if (this.#members.length > 0) return
    // Whoever opens an arena learns what is wrong.
    this.mend().catch(() => undefined)
    this.#leaveAfter(patience.first)
  }

  #leaveAfter(ms: number): void {
    clearTimeout(this.#leaving)
    this.#leaving = setTimeout(() => this.#end(), ms)
    ;(this.#leaving as { unref?(): void }).unref?.()
  }

  /** Starts the threads that are missing, with all that they must know. */
  async mend(): Promise<void> {
    const missing = Array.from({ length: this.#size }, (_, i) => i).filter(i => !this.#members[i]?.alive)
    if (missing.length === 0) return
    for (const slot of missing) this.#members[slot] = this.#start()
    const told = missing.flatMap(slot =>
      [...this.#arenas]
        .filter(arena => slot < arena.slots)
        .map(arena => this.#setUp(this.#members[slot]!, slot, arena)),
    )
    await this.#while(() => Promise.all(told))
  }

  /** Asks every living thread of the arena; the answers in order. Throws what one of them threw. */
  ask(arena: PoolArena, request: Request): Promise<readonly unknown[]> {
    return this.#each(arena, member => this.#request(member, request))
  }

  /** Waits until no living thread of the arena is busy with anything that it was told before. */
  async settle(arena: PoolArena): Promise<void> {
    await this.#each(arena, member => this.#request(member, { kind: 'ping' }).catch(() => undefined))
  }

  /** Lets the threads of the arena take part in a run, until it is `over`. */
  async run<T>(arena: PoolArena, message: TakePart, over: Promise<T>): Promise<T> {
    return this.#while(() => {
      for (const { thread, alive } of this.#members.slice(0, arena.slots)) if (alive) thread.post(message)
      return over
    })
  }

  #each<T>(arena: PoolArena, ask: (member: Member, slot: number) => Promise<T>): Promise<readonly T[]> {
    return this.#while(() =>
      Promise.all(this.#members.slice(0, arena.slots).flatMap((m, slot) => (m.alive ? [ask(m, slot)] : []))),
    )
  }

  async #setUp(member: Member, slot: number, arena: PoolArena): Promise<void> {
    await Promise.all(arena.setup(slot).map(request => this.#request(member, request)))
  }

  #request(member: Member, request: Request): Promise<unknown> {
    const id = this.#nextRequest++
    return new Promise((resolve, reject) => {
      member.waiting.set(id, { resolve, reject })
      member.thread.post({ kind: 'request', id, request })
    })
  }

  #start(): Member {
    const thread = spawn<FromThread, ToThread>(this.#script)
    const member: Member = { thread, waiting: new Map(), alive: true }
    thread.hold(this.#busy > 0)
    thread.listen(message => this.#hear(member, message))
    thread.onEnd(reason => this.#lose(member, reason))
    return member
  }

  #hear(member: Member, message: FromThread): void {
    if (message.kind === 'ended') {
      for (const arena of this.#arenas) arena.ended(message)
      return
    }
    const waiting = member.waiting.get(message.id)
    member.waiting.delete(message.id)
    if (message.error === undefined) waiting?.resolve(message.value)
    else waiting?.reject(new StintError('THREAD', 'a thread refused', { got: message.error }))
  }

  #lose(member: Member, reason: string): void {
    if (!member.alive) return
    member.alive = false
    void member.thread.terminate()
    for (const { reject } of member.waiting.values()) reject(new ThreadError(reason))
    member.waiting.clear()
    const slot = this.#members.indexOf(member)
    for (const arena of this.#arenas) if (slot < arena.slots) arena.lost(reason)
  }

  #end(): void {
    for (const member of this.#members) {
      member.alive = false
      void member.thread.terminate()
    }
    this.#members = []
  }

  /** The threads keep the process alive until the promise is settled. */
  async #while<T>(body: () => Promise<T>): Promise<T> {
    if (this.#busy++ === 0) for (const { thread } of this.#members) thread.hold(true)
    try {
      return await body()
    } finally {
      if (--this.#busy === 0) for (const { thread } of this.#members) thread.hold(false)
    }
  }
}
