import {
  allocate,
  type Graph,
  type Input,
  StintError,
  sizeOf,
  type Traceable,
  type Tree,
  type Type,
  type TypedArray,
  viewOf,
} from '@stint/graph'
import { type AuditReport, audit } from '../audit/audit.ts'
import type { Arena, Backend, Runner, Target } from '../backend.ts'
import { slotBytes } from '../program/emit.ts'
import { isKernelStep, type Slot } from '../program/program.ts'
import { FeedError, TornSessionError } from './errors.ts'
import { arrayBytes, feedBytes } from './feed.ts'
import { type KernelTime, measureKernels } from './measure.ts'
import { type Memory, parseMemory } from './memory.ts'
import type { Microbatches } from './microbatches.ts'
import type { PinnedSet } from './pinned.ts'
import { graphOf, planPrograms } from './plan-programs.ts'
import { Ladder, lowerGraph, type Planned, type PlanOptions } from './planned.ts'
import { type PlanReport, report } from './report.ts'
import { checkTarget } from './target.ts'

/** A program to compile: a graph, or a function of traced values with the types of its arguments. */
export type ProgramSpec =
  | Graph
  | (({ readonly graph: Graph } | TracedSpec) & { readonly microbatches?: Microbatches })

interface TracedSpec {
  readonly fn: Traceable
  readonly inputs: readonly Tree<Type>[]
  readonly names?: readonly string[]
}

export interface SessionOptions extends PlanOptions {
  /** Programs by name. The one with the largest unconstrained peak is the one that percentages mean. */
  readonly programs: { readonly [name: string]: ProgramSpec }
  readonly backend: Backend
  /** Bytes, a size (`'24 MiB'`), a share of the unconstrained peak (`'40%'`) or `'none'`, which is the default. */
  readonly memory?: Memory
  /** A target of the backend's, for instance with measured costs; by default the backend's own for this machine. */
  readonly target?: Target
  /** Refuse NaN and infinities in what is fed; off unless said. */
  readonly finiteInputs?: boolean
  /** Off, every node becomes a task of its own: for tests. */
  readonly fusion?: boolean
  readonly simplify?: boolean
}

export type Arrays = { readonly [name: string]: TypedArray }

/** How long one step of a program took. */
export interface StepTime {
  /** Index into the program's steps. */
  readonly step: number
  /** Index into the program's kernels. */
  readonly kernel: number
  readonly ms: number
}

interface Loaded extends Planned {
  readonly runner: Runner
}

/**
 * Several programs over one arena. State is kept in place between runs; inputs, activations and everything else share
 * the rest. Close it when done: nothing else is freed by hand.
 *
 * @example
 * await using session = await openSession({ programs: { step }, memory: '24 MiB', backend: cpu() })
 * const { loss } = await session.run('step', { x, y })
 */
export class Session {
  readonly #options: SessionOptions
  readonly #target: Target
  readonly #arena: Arena
  readonly #pinned: PinnedSet
  readonly #programs = new Map<string, Loaded>()
  readonly #main: string
  #torn: unknown
  #closed = false
  #queue: Promise<unknown> = Promise.resolve()

  /** Use `openSession`. */
  constructor(options: SessionOptions, target: Target, arena: Arena, pinned: PinnedSet, main: string) {
    this.#options = options
    this.#target = target
    this.#arena = arena
    this.#pinned = pinned
    this.#main = main
  }

  /** @internal */
  async load(planned: Planned, arenaBytes: number): Promise<void> {
    const program = { ...planned.program, arenaBytes }
    this.#programs.set(planned.name, { ...planned, program, runner: await this.#arena.load(program) })
  }

  /** Bytes of the arena, which the budget covers. */
  get arenaBytes(): number {
    return this.#programs.get(this.#main)!.program.arenaBytes
  }

  /** Byte length of every buffer that the backend holds. */
  get heldBytes(): number {
    return this.#arena.heldBytes
  }

  get target(): Target {
    return this.#target
  }

  /** Names of all programs. */
  get programs(): readonly string[] {
    return [...this.#programs.keys()]
  }

  /** Name of the program whose unconstrained peak percentages of memory mean. */
  get mainProgram(): string {
    return this.#main
  }

  /** Peak, what fills it, what is recomputed and what that costs. */
  plan(name: string = this.#main): PlanReport {
    return report(this.#loaded(name))
  }

  /** The compiled program and everything that it was made of. */
  program(name: string = this.#main): Planned {
    return this.#loaded(name)
  }

  /** Runs a program on the given inputs and gives its outputs, copied. Runs are taken one after the other. */
  run(name: string, inputs: Arrays): Promise<{ [name: string]: TypedArray }> {
    return this.#exclusive(async () => {
      const loaded = this.#ready(name)
      await this.#feed(loaded, inputs)
      await this.#guarded(loaded, () => loaded.runner.run())
      return this.#outputs(loaded)
    })
  }

  /**
   * Runs a program step by step, checking that each step touches what it declares and nothing else, and that every value
   * has the bits of an execution without a plan. Throws AuditError at the first difference.
   */
  audit(
    name: string,
    inputs: Arrays,
  ): Promise<{ outputs: { [name: string]: TypedArray }; report: AuditReport }> {
    return this.#exclusive(async () => {
      const loaded = this.#ready(name)
      await this.#feed(loaded, inputs)
      const backend = this.#options.backend
      const found = await this.#guarded(loaded, () =>
        audit(loaded, loaded.runner, this.#arena, backend, this.#target),
      )
      return { outputs: await this.#outputs(loaded), report: found }
    })
  }

  /**
   * Runs a program step by step and says how long each took, in ms. State changes as in a run; a step by itself takes
   * longer than within a run, by what a call costs.
   */
  profile(name: string, inputs: Arrays): Promise<readonly StepTime[]> {
    return this.#exclusive(async () => {
      const loaded = this.#ready(name)
      await this.#feed(loaded, inputs)
      const times: StepTime[] = []
      await this.#guarded(loaded, async () => {
        for (const [index, step] of loaded.program.steps.entries()) {
          if (!isKernelStep(step)) continue
          const start = performance.now()
          await loaded.runner.step([index], [])
          times.push({ step: index, kernel: step.kernel, ms: performance.now() - start })
        }
      })
      return times
    })
  }

  /**
   * Measures each kernel of a program, in whole ns, the median of `repetitions` (9) runs. State changes as in as many
   * runs and twice over. `measuredTarget` makes a target of the times, by which later compilations plan.
   */
  measure(name: string, inputs: Arrays, repetitions = 9): Promise<readonly KernelTime[]> {
    return this.#exclusive(async () => {
      const loaded = this.#ready(name)
      return this.#guarded(loaded, () =>
        measureKernels(loaded.program, loaded.runner, () => this.#feed(loaded, inputs), repetitions),
      )
    })
  }

  /** Adds a program, planned with the arena's size as its budget. Its state must be known already. */
  async add(name: string, spec: ProgramSpec): Promise<void> {
    await this.#exclusive(async () => {
      this.#ready()
      if (this.#programs.has(name))
        throw new StintError('PROGRAM', `the session has a program '${name}' already`)
      const before = this.#pinned.list.length
      const graph = graphOf(name, spec)
      this.#pinned.add(graph)
      if (this.#pinned.list.length > before)
        throw new StintError('PROGRAM', `'${name}' keeps state or constants that the session does not know`, {
          hint: 'Declare the program when the session is opened.',
        })
      const lowered = lowerGraph(name, graph, this.#options.backend, this.#target, this.#options)
      const planned = new Ladder(lowered, this.#target, this.#pinned, this.#options).fit(this.arenaBytes)
      await this.load(planned, this.arenaBytes)
    })
  }

  /** Paths and types of all state, sorted by path. */
  get state(): readonly { readonly path: string; readonly type: Type }[] {
    return this.#pinned.state
      .map(s => ({ path: s.name, type: s.type }))
      .sort((a, b) => (a.path < b.path ? -1 : 1))
  }

  /** A copy of the state at `path`. */
  readState(path: string): Promise<TypedArray> {
    return this.#exclusive(async () => {
      this.#ready()
      const slot = this.#stateSlot(path)
      return this.#read(slot)
    })
  }

  /** Replaces state, by path. All of it at once heals a torn session. */
  writeState(arrays: Arrays): Promise<void> {
    return this.#exclusive(async () => {
      this.#open()
      const slots = Object.keys(arrays).map(path => this.#stateSlot(path))
      const bytes = slots.map(slot => arrayBytes(slot.name, slot.type, arrays[slot.name]))
      for (const [i, slot] of slots.entries()) await this.#arena.write(slot.offset, bytes[i]!)
      if (slots.length === this.#pinned.state.length) this.#torn = undefined
    })
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#queue.catch(() => undefined)
    await this.#arena.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #exclusive<T>(body: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(body, body)
    this.#queue = turn.catch(() => undefined)
    return turn
  }

  #open(): void {
    if (this.#closed) throw new StintError('CLOSED', 'the session is closed', { hint: 'Open a new one.' })
  }

  #ready(): void
  #ready(name: string): Loaded
  #ready(name?: string): Loaded | undefined {
    this.#open()
    if (this.#torn !== undefined) throw this.#torn
    return name === undefined ? undefined : this.#loaded(name)
  }

  #loaded(name: string): Loaded {
    const loaded = this.#programs.get(name)
    if (loaded === undefined)
      throw new StintError('PROGRAM', `the session has no program '${name}'`, {
        expected: [...this.#programs.keys()].join(', '),
      })
    return loaded
  }

  async #feed({ program, tasks }: Loaded, inputs: Arrays): Promise<void> {
    const known = new Set(tasks.graph.inputs.map(i => i.name))
    for (const name of Object.keys(inputs))
      if (!known.has(name))
        throw new FeedError(`the program has no input '${name}'`, {
          expected: [...known].join(', ') || 'no inputs',
        })
    const check = { finite: this.#options.finiteInputs ?? false }
    const slots = new Map(program.inputs.map(s => [s.name, s]))
    const bytes = tasks.graph.inputs.map((input: Input) =>
      feedBytes(input, tasks.values[input.value]!, inputs[input.name], check),
    )
    for (const [i, input] of tasks.graph.inputs.entries()) {
      const slot = slots.get(input.name)
      if (slot !== undefined) await this.#arena.write(slot.offset, bytes[i]!)
    }
  }

  /** A failure after the first overwrite leaves the state torn; `step` in the error says how far the run came. */
  async #guarded<T>(loaded: Loaded, body: () => Promise<T>): Promise<T> {
    try {
      return await body()
    } catch (error) {
      const step = (error as { step?: unknown }).step
      const overwrites = loaded.firstOverwrite < loaded.program.steps.length
      if (overwrites && !(typeof step === 'number' && step < loaded.firstOverwrite))
        this.#torn = new TornSessionError(loaded.name, error)
      throw error
    }
  }

  async #outputs({ program }: Loaded): Promise<{ [name: string]: TypedArray }> {
    const outputs: { [name: string]: TypedArray } = {}
    for (const slot of program.outputs) outputs[slot.name] = await this.#read(slot)
    return outputs
  }

  async #read(slot: Slot): Promise<TypedArray> {
    const bytes = await this.#arena.read(slot.offset, slotBytes(slot))
    const size = sizeOf(slot.type.shape)
    if (bytes.byteOffset % 8 === 0) return viewOf(slot.type.dtype, bytes.buffer, bytes.byteOffset, size)
    const copy = allocate(slot.type.dtype, size)
    new Uint8Array(copy.buffer).set(bytes)
    return copy
  }

  #stateSlot(path: string): Slot {
    const found = this.#pinned.state.find(s => s.name === path)
    if (found === undefined)
      throw new FeedError(`the session keeps no state '${path}'`, {
        expected: this.state.map(s => s.path).join(', ') || 'no state',
      })
    return { name: path, type: found.type, offset: found.offset }
  }
}

/**
 * Compiles programs, plans them into one arena within the budget, and opens it. Throws InfeasibleBudgetError before
 * anything is allocated if the budget is too small, TargetError for a target of another backend.
 */
export async function openSession(options: SessionOptions): Promise<Session> {
  const { backend } = options
  const own = await backend.target()
  const target = options.target ?? own
  checkTarget(target, own)
  const budget = parseMemory(options.memory ?? 'none')
  const { planned, pinned, main } = planPrograms(options, target, budget)
  const arenaBytes = planned.reduce((n, p) => Math.max(n, p.plan.arenaBytes), 0)
  const arena = await backend.open(arenaBytes, target)
  const session = new Session(options, target, arena, pinned, main)
  try {
    for (const p of planned) await session.load(p, arenaBytes)
    for (const { offset, bytes } of pinned.constants) await arena.write(offset, bytes)
  } catch (error) {
    await session.close()
    throw error
  }
  return session
}
