import process from 'node:process'
import { openSession, type Session } from '@stint/engine'
import { Bench } from 'tinybench'
import { backendsOf, list, readFlags, threadsOf, whole } from '../args.ts'
import { isThreaded, loadBackend } from '../backends.ts'
import { describe, type Failure, UsageError } from '../error.ts'
import type { Io } from '../io.ts'
import { round, rounded, summarize, type Times } from '../statistics.ts'
import { table } from '../table.ts'
import type { Case } from './case.ts'
import { cases } from './cases.ts'

/** One line of results; times of one run of the kernel, in ms. */
interface KernelResult extends Times {
  readonly peer: 'stint'
  readonly backend: string
  readonly threads: number
  readonly workload: string
  /** 10⁹ FLOP a second, at the median and at the best time. */
  readonly gflops?: number
  readonly bestGflops?: number
  /** 10⁹ bytes a second, read and written. */
  readonly gbps?: number
  readonly bestGbps?: number
  readonly steps: number
  readonly node: string
  readonly [detail: string]: unknown
}

interface KernelFailure {
  readonly peer: 'stint'
  readonly backend: string
  readonly workload: string
  readonly error: Failure
}

interface Lane {
  readonly backend: string
  readonly threads?: number
}

const flags = { backend: 'text', threads: 'text', only: 'text', time: 'text', json: 'switch' } as const
const rounds = 3

export const kernelsHelp: string = `bench kernels [flags]

Times single kernels: matrix products in GFLOP/s, gelu(x·y + z) and its gradient in ms, elementwise work in GB/s.

  --backend <list>   cpu, wasm, worker (default: wasm)
  --threads <list>   threads of the worker backend (default: its own choice)
  --only <list>      only those whose names begin so: ${cases.map(c => c.name).join(', ')}
  --time <ms>        for each kernel on each backend (default: 600)
  --json             a line of JSON for each, in place of a table

Backends take turns at each kernel, ${rounds} times. Operands stay in the arena: nothing is fed or read back.`

/** `bench kernels`: gives the exit code, 1 where something could not be measured. */
export async function kernels(args: readonly string[], io: Io): Promise<number> {
  const given = readFlags(flags, args)
  const backends = backendsOf(given)
  const threads = threadsOf(given, backends.some(isThreaded))
  const lanes = backends.flatMap((backend): Lane[] =>
    isThreaded(backend)
      ? threads.map(n => ({ backend, ...(n !== undefined && { threads: n }) }))
      : [{ backend }],
  )
  const only = list(given, 'only', [''])
  const chosen = cases.filter(c => only.some(prefix => c.name.startsWith(prefix)))
  if (chosen.length === 0)
    throw new UsageError('no kernel has such a name', {
      expected: cases.map(c => c.name).join(', '),
      got: only.join(', '),
    })
  const time = whole(given, 'time', 1, 600)
  const results: (KernelResult | KernelFailure)[] = []
  for (const c of chosen) {
    io.err(`${c.name}: ${c.about}`)
    for (const result of await measure(c, lanes, time)) {
      results.push(result)
      if (given.json === true) io.out(JSON.stringify(result))
    }
  }
  if (given.json !== true) print(results, io)
  return results.some(r => 'error' in r) ? 1 : 0
}

/** Times one case on every lane in turn. */
async function measure(
  c: Case,
  lanes: readonly Lane[],
  time: number,
): Promise<(KernelResult | KernelFailure)[]> {
  const opened = new Map<Lane, Session>()
  const samples = new Map<Lane, number[]>()
  const failures = new Map<Lane, Failure>()
  for (const lane of lanes)
    await open(c, lane).then(
      session => opened.set(lane, session),
      error => failures.set(lane, describe(error)),
    )
  try {
    for (let round = 0; round < rounds; round++)
      for (const [lane, session] of opened) {
        if (failures.has(lane)) continue
        const times = await sample(session, time / rounds).catch(error => {
          failures.set(lane, describe(error))
          return []
        })
        samples.set(lane, [...(samples.get(lane) ?? []), ...times])
      }
    return lanes.map(lane => {
      const error = failures.get(lane)
      if (error !== undefined) return { peer: 'stint', backend: lane.backend, workload: c.name, error }
      return resultOf(c, lane, opened.get(lane)!.target.threads, samples.get(lane)!)
    })
  } finally {
    for (const session of opened.values()) await session.close()
  }
}

async function open(c: Case, { backend, threads }: Lane): Promise<Session> {
  const graph = c.graph()
  const session = await openSession({
    programs: { kernel: graph },
    backend: await loadBackend(backend, threads),
  })
  await session.writeState(c.state(graph))
  return session
}

/** Times of runs of the program, in ms. */
async function sample(session: Session, time: number): Promise<number[]> {
  const bench = new Bench({
    time,
    iterations: 2,
    warmupTime: 20,
    warmupIterations: 1,
    retainSamples: true,
    throws: true,
  })
  bench.add('kernel', async () => {
    await session.run('kernel', {})
  })
  const [task] = await bench.run()
  const { result } = task!
  return 'latency' in result ? [...(result.latency.samples ?? [])] : []
}

function resultOf(c: Case, { backend }: Lane, threads: number, runs: readonly number[]): KernelResult {
  const times = summarize(runs.map(ms => ms / c.repeat))
  const { medianMs, minMs } = times
  const rate = (amount: number, ms: number): number => round(amount / ms / 1e6)
  return {
    peer: 'stint',
    backend,
    threads,
    workload: c.name,
    ...rounded(times, 1e6),
    ...(c.work !== undefined &&
      'flop' in c.work && { gflops: rate(c.work.flop, medianMs), bestGflops: rate(c.work.flop, minMs) }),
    ...(c.work !== undefined &&
      'bytes' in c.work && { gbps: rate(c.work.bytes, medianMs), bestGbps: rate(c.work.bytes, minMs) }),
    steps: runs.length,
    ...c.details,
    node: process.version,
  }
}

function print(results: readonly (KernelResult | KernelFailure)[], io: Io): void {
  const good = results.filter((r): r is KernelResult => !('error' in r))
  const rows = good.map(r => [
    r.workload,
    r.backend,
    r.threads,
    r.medianMs,
    r.minMs,
    r.gflops ?? '',
    r.bestGflops ?? '',
    r.gbps ?? '',
  ])
  const heading = ['kernel', 'backend', 'threads', 'median ms', 'min ms', 'GFLOP/s', 'at best', 'GB/s']
  if (rows.length > 0) io.out(table(heading, rows))
  for (const r of results)
    if ('error' in r) io.err(`${r.workload} ${r.backend}: ${(r.error as Failure).message}`)
}
