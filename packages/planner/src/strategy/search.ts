import type { DagTaskId, DagValueId } from '../dag/dag.ts'
import type { Model } from '../dag/model.ts'
import type { Random } from './random.ts'
import { Simulation } from './simulate.ts'
import type { Stages } from './stages.ts'

type Drop = readonly [value: DagValueId, stage: number]

interface NextReads {
  /** Updates that read it before any other task does. */
  readonly updates: DagTaskId[]
  /** The stage that reads it then, the last one for outputs and successors. */
  stage: number | undefined
}

interface Candidate {
  readonly drops: readonly Drop[]
  /** Cost of what is run again, were nothing of it run there already. */
  readonly cost: number
  /** Bytes that it takes off the peak. */
  readonly bytes: number
}

/** Least weight of a move's cost, so that free moves are compared by what they save. */
const epsilon = 1e-9

/** How often a repair that is stuck goes on from something else. */
const mostKicks = 6

/** How many candidates a move is chosen from by following each; the others are ranked by a guess. */
const looks = 24

/**
 * Searches drops for a schedule in stages: the least recomputation within a target of live bytes. Greedy repair of the
 * peak, removal of what turns out superfluous, and destroy-and-repair.
 */
export class Search {
  readonly model: Model
  readonly stages: Stages
  readonly simulation: Simulation
  cost = 0
  peak = 0
  /** Runs simulated so far. */
  work = 0

  constructor(model: Model, stages: Stages) {
    this.model = model
    this.stages = stages
    this.simulation = new Simulation(model)
    this.evaluate()
  }

  evaluate(): void {
    const length = this.stages.build()
    this.peak = this.simulation.run(this.stages.sequence, length)
    this.cost = this.simulation.cost
    this.work += length
  }

  /**
   * Drops values until the peak is at most `target`; whether that was possible. With `random`, choices vary, and where no
   * drop helps, one that does not or another place for a task is tried.
   */
  repair(
    target: number,
    options: { random?: Random; costLimit?: number; stop?: () => boolean } = {},
  ): boolean {
    const limit = 8 * this.stages.order.length + 64
    let kicks = mostKicks
    for (let moves = 0; this.peak > target; moves++) {
      if (
        moves > limit ||
        this.cost > (options.costLimit ?? Number.POSITIVE_INFINITY) ||
        options.stop?.() === true
      )
        return false
      if (this.#step(target, options.random)) continue
      if (options.random === undefined || --kicks < 0) return false
      this.#kick(options.random)
    }
    return true
  }

  /** Takes drops back wherever the target still holds, dearest first. */
  prune(target: number): void {
    this.evaluate()
    const drops = this.stages.drops()
    const price = ([v]: Drop): number => this.model.cost[this.model.producer[v]!]!
    drops.sort((a, b) => price(b) - price(a) || b[1] - a[1] || a[0] - b[0])
    for (const [v, stage] of drops) {
      const before = this.cost
      this.stages.keep(v, stage)
      this.evaluate()
      if (this.peak <= target && this.cost <= before) continue
      this.stages.drop(v, stage)
      this.cost = before
    }
    this.evaluate()
  }

  /**
   * Takes back a random part of the drops, now and then moves a task, and repairs, keeping what costs less. `rounds` times,
   * or until `stop`.
   */
  improve(target: number, random: Random, rounds: number, stop?: () => boolean): void {
    let best = this.stages.save()
    let bestCost = this.cost
    let bestArea = this.simulation.excess(0)
    const stageCount = this.stages.order.length
    for (let round = 0; round < rounds && stop?.() !== true; round++) {
      if (best.drops.length === 0) break
      this.stages.load(best)
      const center = best.drops[random.below(best.drops.length)]![1]
      const width = 1 + random.below(Math.max(2, stageCount >> 1))
      const share = 0.3 + 0.7 * random.unit()
      this.stages.restore(
        best.drops.filter(([, stage]) => Math.abs(stage - center) > width || random.unit() > share),
      )
      if (random.below(3) === 0) this.#shift(random)
      this.evaluate()
      const ok = this.repair(target, { random, costLimit: bestCost * 1.1 + 1, ...(stop && { stop }) })
      if (ok) this.prune(target)
      // Of equal cost, the one that keeps less alive: what comes next has more room.
      const area = this.simulation.excess(0)
      if (ok && (this.cost < bestCost || (this.cost === bestCost && area <= bestArea))) {
        best = this.stages.save()
        bestCost = this.cost
        bestArea = area
      }
    }
    this.stages.load(best)
    this.evaluate()
  }

  /** A candidate that does not help by itself, or another place for a task. */
  #kick(random: Random): void {
    const found = this.#candidates(this.simulation.peakAt)
    if (found.length === 0 || random.below(2) === 0) this.#shift(random)
    else this.#add(found[random.below(found.length)]!.drops)
    this.evaluate()
  }

  /** Moves a random task to a random place between its inputs and its readers. */
  #shift(random: Random): void {
    if (this.stages.order.length === 0) return
    const from = random.below(this.stages.order.length)
    const [first, last] = this.stages.range(from)
    this.stages.move(from, first + random.below(last - first + 1))
  }

  /** One move: the candidate at the peak that takes most excess off for its cost. False if none takes any. */
  #step(target: number, random: Random | undefined): boolean {
    const found = this.#candidates(this.simulation.peakAt)
    const worth = (c: Candidate): number => Math.min(c.bytes, this.peak - target) / (c.cost + epsilon)
    const ranked = found.map(c => [worth(c) * (random === undefined ? 1 : 0.5 + random.unit()), c] as const)
    ranked.sort((a, b) => b[0] - a[0])
    const before = { excess: this.simulation.excess(target), cost: this.cost }
    let best: Candidate | undefined
    let most = 0
    for (const [, candidate] of ranked.slice(0, looks)) {
      const added = this.#add(candidate.drops)
      this.evaluate()
      const gain = before.excess - this.simulation.excess(target)
      this.#remove(added)
      if (gain <= 0) continue
      const noise = random === undefined ? 1 : 0.7 + 0.6 * random.unit()
      const score = (noise * gain) / (Math.max(0, this.cost - before.cost) + epsilon)
      if (score > most) [best, most] = [candidate, score]
    }
    if (best === undefined) {
      this.evaluate()
      return false
    }
    this.#add(best.drops)
    this.evaluate()
    return true
  }

  #add(drops: readonly Drop[]): Drop[] {
    const added = drops.filter(([v, stage]) => !this.stages.has(v, stage))
    for (const [v, stage] of added) this.stages.drop(v, stage)
    return added
  }

  #remove(drops: readonly Drop[]): void {
    for (const [v, stage] of drops) this.stages.keep(v, stage)
  }

  /** Ways to have some value absent at position `at`: values that are alive but unused there and needed by a later stage. */
  #candidates(at: number): Candidate[] {
    const { model, stages, simulation } = this
    const { instances } = simulation
    const { sequence, stage, length } = stages
    if (length === 0) return []
    const here = stage[at]!
    const live = new Map<DagValueId, number>()
    for (let k = 0; k < instances.count; k++)
      if (instances.start[k]! <= at && instances.end[k]! >= at && instances.fate[k] !== 1)
        live.set(instances.value[k]!, k)
    const task = sequence[at]!
    const used = new Set<DagValueId>([...model.reads[task]!, ...model.writes[task]!])
    const next = this.#nextReads(at, live, length)
    const found: Candidate[] = []
    for (const [v, k] of live) {
      if (used.has(v) || !stages.droppable(v) || instances.start[k]! >= at) continue
      const { updates, stage: b } = next.get(v)!
      // Read again in this stage.
      if (b !== undefined && b <= here) continue
      const early = this.#runEarly(updates)
      const size = model.size[v]! - early.bytes
      if (b === undefined) {
        found.push({ ...early, bytes: size })
        continue
      }
      const closure = this.#closure(v, b, live)
      const alone = model.cost[model.producer[v]!]!
      found.push({ drops: [...early.drops, ...closure.drops], cost: early.cost + closure.cost, bytes: size })
      if (closure.drops.length > 1)
        found.push({
          drops: [...early.drops, [v, b]],
          cost: early.cost + alone,
          bytes: size - closure.kept,
        })
    }
    return found.filter(c => c.bytes > 0)
  }

  /** The next reads of each live value after `at`. */
  #nextReads(at: number, live: ReadonlyMap<DagValueId, number>, length: number): Map<DagValueId, NextReads> {
    const { model, stages } = this
    const { sequence, stage } = stages
    const next = new Map<DagValueId, NextReads>()
    for (const v of live.keys()) next.set(v, { updates: [], stage: undefined })
    for (let i = at + 1; i < length; i++) {
      const t = sequence[i]!
      for (const v of model.reads[t]!) {
        const found = next.get(v)
        if (found === undefined || found.stage !== undefined) continue
        if (stages.stageOf[t]! < 0) found.updates.push(t)
        else found.stage = stage[i]!
      }
    }
    for (const v of stages.finals) {
      const found = next.get(v)
      if (found !== undefined) found.stage ??= stages.order.length
    }
    return next
  }

  /** What it takes that updates run as soon as they can. */
  #runEarly(updates: readonly DagTaskId[]): Candidate {
    const { model, stages } = this
    const drops: Drop[] = []
    let [cost, bytes] = [0, 0]
    for (const t of updates) {
      const w = model.writes[t]![0]!
      if (stages.has(w, -1)) continue
      drops.push([w, -1])
      for (const v of model.writes[t]!) {
        cost += model.copyCost[model.bufferOf[v]!]!
        bytes += model.size[v]!
      }
    }
    return { drops, cost, bytes }
  }

  /** Drops that make v at stage b from what is alive now or computed later, and the bytes that keeping its inputs instead would take. */
  #closure(
    v: DagValueId,
    b: number,
    live: ReadonlyMap<DagValueId, number>,
  ): { drops: Drop[]; cost: number; kept: number } {
    const { model, stages } = this
    const here = stages.stage[this.simulation.peakAt]!
    const drops: Drop[] = [[v, b]]
    const seen = new Set<DagValueId>([v])
    const tasks = new Set<number>()
    let [cost, kept] = [0, 0]
    for (let i = 0; i < drops.length && drops.length < 64; i++) {
      const t = model.producer[drops[i]![0]]!
      if (tasks.has(t)) continue
      tasks.add(t)
      cost += model.cost[t]!
      for (const u of model.reads[t]!) {
        if (seen.has(u) || model.pinned[u] === 1) continue
        seen.add(u)
        const p = model.producer[u]!
        const later = p >= 0 && stages.stageOf[p]! > here
        if (live.has(u) || later) continue
        if (i === 0) kept += model.size[u]!
        if (stages.droppable(u)) drops.push([u, b])
      }
    }
    return { drops, cost, kept }
  }
}
