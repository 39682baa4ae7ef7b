import process from 'node:process'
import { type Backend, openSession, type Session } from '@stint/engine'
import { trace } from '@stint/graph'
import { crossEntropy, initialState, trainStep } from '@stint/nn'
import { loadBackend } from '../backends.ts'
import { round } from '../statistics.ts'
import { type Batch, type Workload, workloads } from '../workloads/index.ts'

/** One combination that is measured. */
export interface LaneSpec {
  readonly workload: string
  readonly backend: string
  readonly threads?: number
  /** A budget as the engine takes it. */
  readonly memory: string
}

/** What is known once it is compiled. Sizes in bytes, times in ms. */
export interface Opened {
  readonly threads: number
  readonly arenaBytes: number
  readonly heldBytes: number
  readonly unconstrainedPeakBytes: number
  /** 0.1 is 10 % more than without recomputation, by the cost model. */
  readonly plannedOverhead: number
  readonly tasks: number
  readonly compile: CompileTimes
}

/** Where the time from the network to a program that can run goes, in ms. */
export interface CompileTimes {
  /** Forward, backward and update as a graph. */
  readonly traceMs: number
  /** Simplification and fusion. */
  readonly fuseMs: number
  /** What the backend says of each kernel. */
  readonly prepareMs: number
  readonly planMs: number
  /** Kernels are generated and loaded. */
  readonly loadMs: number
  /** All of them. */
  readonly compileMs: number
}

/** Steps that were run. */
export interface Steps {
  /** Of each, in ms: feeding, running, reading the loss. */
  readonly times: readonly number[]
  readonly losses: readonly number[]
  /** From the start of the process to the end of its first step, in ms. */
  readonly startToFirstStepMs: number
}

/** What a process took, at the end. */
export interface Closed {
  /** 2²⁰ bytes. */
  readonly peakRssMB: number
}

/** A combination, ready to run: in this process, or in one of its own. */
export interface Lane {
  open(): Promise<Opened>
  steps(count: number): Promise<Steps>
  close(): Promise<Closed>
}

/** Runs a combination in this process. */
export class LocalLane implements Lane {
  readonly #spec: LaneSpec
  #session: Session | undefined
  #batches: readonly Batch[] = []
  #done = 0
  #first = 0

  constructor(spec: LaneSpec) {
    this.#spec = spec
  }

  async open(): Promise<Opened> {
    const { workload: name, backend: backendName, threads, memory } = this.#spec
    const workload = workloads[name]!
    const backend = await loadBackend(backendName, threads)
    const { session, compile } = await compileStep(workload, backend, memory)
    this.#session = session
    await session.writeState(initialState(workload.model(), 0, workload.optimizer))
    this.#batches = workload.batches()
    const { arenaBytes, unconstrainedPeakBytes, overhead, tasks } = session.plan()
    return {
      threads: session.target.threads,
      arenaBytes,
      heldBytes: session.heldBytes,
      unconstrainedPeakBytes,
      plannedOverhead: round(overhead),
      tasks,
      compile,
    }
  }

  async steps(count: number): Promise<Steps> {
    const times: number[] = []
    const losses: number[] = []
    for (let i = 0; i < count; i++) {
      const { x, y } = this.#batches[this.#done % this.#batches.length]!
      const start = performance.now()
      const { loss } = await this.#session!.run('train', { x, y })
      losses.push(loss![0]!)
      times.push(performance.now() - start)
      if (this.#done++ === 0) this.#first = sinceStart()
    }
    return { times, losses, startToFirstStepMs: this.#first }
  }

  async close(): Promise<Closed> {
    const peakRssMB = Math.round(process.resourceUsage().maxRSS / 1024)
    await this.#session?.close()
    return { peakRssMB }
  }
}

/** ms since this process was started: since `T0`, ms of the clock, where whoever started it said so. */
function sinceStart(): number {
  const { T0 } = process.env
  return Math.round(T0 === undefined ? performance.now() : Date.now() - Number(T0))
}

/** Compiles the training step of a workload, and says how long each stage took. */
async function compileStep(
  { model, optimizer, inputs }: Workload,
  inner: Backend,
  memory: string,
): Promise<{ session: Session; compile: CompileTimes }> {
  const laps: number[] = []
  let last = performance.now()
  const lap = (): void => {
    const now = performance.now()
    laps.push(round(now - last))
    last = now
  }
  const step = trainStep(model(), { loss: crossEntropy, optimizer })
  const { graph } = trace(step, [...inputs], { name: 'train', names: ['x', 'y'] })
  lap()
  // The engine asks for nothing between these calls but what stands between them in the pipeline.
  const backend: Backend = {
    name: inner.name,
    target: options => inner.target(options),
    prepare: (kernels, target) => {
      lap()
      const infos = inner.prepare(kernels, target)
      lap()
      return infos
    },
    open: (bytes, target) => {
      lap()
      return inner.open(bytes, target)
    },
  }
  const session = await openSession({ programs: { train: graph }, backend, memory })
  lap()
  const [traceMs, fuseMs, prepareMs, planMs, loadMs] = laps as [number, number, number, number, number]
  const compileMs = round(laps.reduce((a, b) => a + b))
  return { session, compile: { traceMs, fuseMs, prepareMs, planMs, loadMs, compileMs } }
}
