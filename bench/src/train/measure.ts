import { describe, type Failure } from '../error.ts'
import { round, rounded, summarize, type Times } from '../statistics.ts'
import { type CompileTimes, type Lane, type LaneSpec, LocalLane, type Opened } from './lane.ts'
import { ProcessLane } from './process-lane.ts'

/** One line of results, in the schema of the peers. Sizes in bytes unless named otherwise, times in ms. */
export interface TrainResult extends Times, CompileTimes, Omit<Opened, 'compile'> {
  readonly peer: 'stint'
  readonly backend: string
  readonly workload: string
  /** The budget, as it was asked for. */
  readonly memory: string
  readonly steps: number
  readonly lossFirst: number
  readonly lossLast: number
  readonly warmupMs: number
  readonly startToFirstStepMs: number
  /** Of the process, in 2²⁰ bytes. */
  readonly peakRssMB: number
  readonly node: string
  readonly times: readonly number[]
}

/** A combination that could not be measured. */
export interface TrainFailure extends LaneSpec {
  readonly peer: 'stint'
  readonly error: Failure
}

export interface MeasureOptions {
  readonly warmup: number
  readonly steps: number
  readonly turn: number
  readonly script?: string
  readonly note: (line: string) => void
}

interface Track {
  readonly spec: LaneSpec
  readonly lane: Lane
  readonly opened: Opened
  readonly times: number[]
  readonly losses: number[]
  startToFirstStepMs: number
}

/**
 * Measures combinations side by side: compiles and warms up each in turn, then lets them take turns until all have done
 * their steps. With a script, each runs in a process of its own; a single one does not need that.
 */
export async function measure(
  specs: readonly LaneSpec[],
  options: MeasureOptions,
): Promise<(TrainResult | TrainFailure)[]> {
  const results = new Map<LaneSpec, TrainResult | TrainFailure>()
  const tracks: Track[] = []
  const attempt = async (spec: LaneSpec, lane: Lane, body: () => Promise<void>): Promise<void> => {
    try {
      await body()
    } catch (error) {
      results.set(spec, { peer: 'stint', ...spec, error: describe(error) })
      options.note(`${nameOf(spec)}: failed`)
      await lane.close().catch(() => undefined)
    }
  }
  for (const spec of specs) {
    const alone = specs.length === 1 || options.script === undefined
    const lane = alone ? new LocalLane(spec) : new ProcessLane(spec, options.script!)
    await attempt(spec, lane, async () => {
      const opened = await lane.open()
      options.note(`${nameOf(spec)}: compiled in ${Math.round(opened.compile.compileMs)} ms`)
      const track = { spec, lane, opened, times: [], losses: [], startToFirstStepMs: 0 }
      await advance(track, options.warmup)
      tracks.push(track)
    })
  }
  const total = options.warmup + options.steps
  for (let done = options.warmup; done < total; done += options.turn)
    for (const track of tracks)
      if (!results.has(track.spec))
        await attempt(track.spec, track.lane, () => advance(track, Math.min(options.turn, total - done)))
  for (const track of tracks)
    if (!results.has(track.spec))
      await attempt(track.spec, track.lane, async () => {
        const { peakRssMB } = await track.lane.close()
        results.set(track.spec, { ...resultOf(track, options.warmup), peakRssMB })
      })
  return specs.map(spec => results.get(spec)!)
}

async function advance(track: Track, count: number): Promise<void> {
  const { times, losses, startToFirstStepMs } = await track.lane.steps(count)
  track.times.push(...times)
  track.losses.push(...losses)
  track.startToFirstStepMs = startToFirstStepMs
}

function resultOf(
  { spec, opened, times, losses, startToFirstStepMs }: Track,
  warmup: number,
): Omit<TrainResult, 'peakRssMB'> {
  const { compile, ...sizes } = opened
  const timed = times.slice(warmup)
  return {
    peer: 'stint',
    backend: spec.backend,
    workload: spec.workload,
    memory: spec.memory,
    ...rounded(summarize(timed)),
    steps: timed.length,
    lossFirst: losses[0]!,
    lossLast: losses.at(-1)!,
    ...sizes,
    ...compile,
    startToFirstStepMs,
    warmupMs: Math.round(times.slice(0, warmup).reduce((a, b) => a + b)),
    node: process.version,
    times: timed.map(ms => round(ms)),
  }
}

/** `w1 wasm, 75%`. */
function nameOf({ workload, backend, threads, memory }: LaneSpec): string {
  return `${workload} ${backend}${threads === undefined ? '' : ` × ${threads}`}, ${memory}`
}
