import { type Graph, trace } from '@stint/graph'
import type { Target } from '../backend.ts'
import type { ProgramDag } from '../tasks/dag.ts'
import { InfeasibleBudgetError, type MicrobatchAdvice } from './errors.ts'
import type { Budget } from './memory.ts'
import { cutBatch, type Microbatches, moreMicrobatches, optionsOf } from './microbatches.ts'
import { PinnedSet } from './pinned.ts'
import { Ladder, type Lowered, lowerGraph, type Planned } from './planned.ts'
import type { ProgramSpec, SessionOptions } from './session.ts'

/** A program as it was traced, before its batch is cut. */
interface Source {
  readonly name: string
  readonly graph: Graph
  readonly microbatches: Microbatches | undefined
}

/** The programs of a session before planning, over one set of pinned values. */
interface Prepared {
  readonly ladders: readonly Ladder[]
  readonly pinned: PinnedSet
}

/** The plans of a session without opening it: what `openSession` would do, allocating no arena. */
export function planPrograms(
  options: SessionOptions,
  target: Target,
  budget: Budget,
): { planned: readonly Planned[]; pinned: PinnedSet; main: string; ladders: readonly Ladder[] } {
  const sources = Object.entries(options.programs).map(([name, spec]) => sourceOf(name, spec))
  const { ladders, pinned } = prepare(sources, options, target)
  const main = ladders.reduce((a, b) => (b.unconstrained.arenaBytes > a.unconstrained.arenaBytes ? b : a))
  const limit = limitOf(budget, main.unconstrained.arenaBytes)
  refuseUnfit(ladders, limit, () => adviceFor(sources, main, limit, options, target))
  const first = main.fit(limit)
  // The others run in the arena that the largest needs, or, where they cannot, in as little more as they can.
  const planned = ladders.map(l => {
    if (l === main) return first
    const { plan, fits } = l.find(first.plan.arenaBytes)
    return fits ? l.with(plan) : l.fit(limit)
  })
  return { planned, pinned, main: main.lowered.name, ladders }
}

/** The graph of a program, its batch cut as asked. Throws MicrobatchError. */
export function graphOf(name: string, spec: ProgramSpec): Graph {
  const { graph, microbatches } = sourceOf(name, spec)
  return cutBatch(graph, microbatches)
}

function sourceOf(name: string, spec: ProgramSpec): Source {
  if ('nodes' in spec) return { name, graph: spec, microbatches: undefined }
  const { microbatches } = spec
  if ('graph' in spec) return { name, graph: spec.graph, microbatches }
  const { graph } = trace(spec.fn, spec.inputs, { name, ...(spec.names && { names: spec.names }) })
  return { name, graph, microbatches }
}

function prepare(sources: readonly Source[], options: SessionOptions, target: Target): Prepared {
  const pinned = new PinnedSet(target.align)
  const lowered = sources.map(
    ({ name, graph, microbatches }): Lowered =>
      lowerGraph(name, cutBatch(graph, microbatches), options.backend, target, options),
  )
  for (const { tasks } of lowered) pinned.add(tasks.graph)
  return { pinned, ladders: lowered.map(l => new Ladder(l, target, pinned, options)) }
}

/** Throws InfeasibleBudgetError where some program does not fit, with the bytes in which all do. */
function refuseUnfit(
  ladders: readonly Ladder[],
  limit: number,
  advice: () => MicrobatchAdvice | undefined,
): void {
  const unfit = ladders.map(l => ({ ladder: l, ...l.find(limit) })).filter(({ fits }) => !fits)
  const [most] = unfit.sort((a, b) => b.plan.arenaBytes - a.plan.arenaBytes)
  if (most === undefined) return
  try {
    most.ladder.fit(limit)
  } catch (error) {
    throw error instanceof InfeasibleBudgetError ? error.with(advice()) : error
  }
}

/**
 * Most tasks of the largest program with more microbatches: of one that is looked at; and of one whose whole ladder is
 * walked, which takes long. So an error does not.
 */
const mostTasks = { plain: 6000, ladder: 300 }

/**
 * The smallest number of microbatches with which all programs fit, the largest cut into as many and the others into
 * slices as small: first without recomputation, then, in small programs, with fewer microbatches and recomputation.
 * Undefined where there is none.
 */
function adviceFor(
  sources: readonly Source[],
  main: Ladder,
  limit: number,
  options: SessionOptions,
  target: Target,
): MicrobatchAdvice | undefined {
  if (leastBytes(main.dag) > limit) return undefined
  const largest = sources.find(s => s.name === main.lowered.name)!
  const all = moreMicrobatches(largest.graph, largest.microbatches)
  const tasksOf = (count: number): number =>
    (count * main.lowered.tasks.tasks.length) / (optionsOf(largest.microbatches ?? 1).count ?? 1)
  const counts = all.filter(n => tasksOf(n) <= mostTasks.plain)
  const cut = memoized((count: number) => prepare(cutInto(sources, largest, count, all), options, target))
  /** Bytes of the plans that recompute nothing, or of the first that fit. */
  const arena = (count: number, walk: boolean): number =>
    Math.max(...cut(count).ladders.map(l => (walk ? l.find(limit).plan : l.unconstrained).arenaBytes))
  let [low, high] = [0, counts.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (arena(counts[middle]!, false) <= limit) high = middle
    else low = middle + 1
  }
  const plain = counts[low]
  let found: MicrobatchAdvice | undefined =
    plain === undefined ? undefined : { count: plain, arenaBytes: arena(plain, false) }
  for (const count of counts.slice(0, low).reverse()) {
    if (tasksOf(count) > mostTasks.ladder) break
    const arenaBytes = arena(count, true)
    if (arenaBytes > limit) break
    found = { count, arenaBytes }
  }
  return found
}

/** The programs with the batch of the largest cut into `count`, and those of others, where they can be, as small. */
function cutInto(
  sources: readonly Source[],
  largest: Source,
  count: number,
  counts: readonly number[],
): Source[] {
  const rows = counts.at(-1)!
  return sources.map(s => {
    const { inputs } = optionsOf(s.microbatches ?? 1)
    const named = inputs && { inputs }
    if (s === largest) return { ...s, microbatches: { count, ...named } }
    if (moreMicrobatches(s.graph, named && { count: 1, ...named }).length === 0) return s
    return { ...s, microbatches: { rows: rows / count, ...named } }
  })
}

/** Bytes below which no plan goes, however the batch is cut: what is pinned and what is fed. */
function leastBytes({ dag: { values } }: ProgramDag): number {
  return values.reduce((n, v) => (v.pinned === true || v.input === true ? n + v.bytes : n), 0)
}

function memoized<K, V>(make: (key: K) => V): (key: K) => V {
  const known = new Map<K, V>()
  return key => {
    if (!known.has(key)) known.set(key, make(key))
    return known.get(key)!
  }
}

function limitOf(budget: Budget, unconstrained: number): number {
  if (budget === 'none') return Number.POSITIVE_INFINITY
  return 'bytes' in budget ? budget.bytes : Math.floor(budget.fraction * unconstrained)
}
