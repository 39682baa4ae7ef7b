import type { DagTaskId, DagValueId } from '../../dag/dag.ts'
import type { Model } from '../../dag/model.ts'
import type { Effort } from '../../effort.ts'
import type { Cut } from './blocks.ts'
import { costOf, interleaved, peakOf, tasksFor } from './measure.ts'
import type { Chain, ChainStep, StepOption } from './steps.ts'

/** Ways to keep a block's residuals, at most. */
const manyOptions = 8

/** Residuals times tasks of a block, above which there is no choice but to keep all or none. */
const muchWork = 1e5

/** The blocks of a cut as the steps of a chain. `effort`, in tasks, is for ways to keep residuals: without it blocks keep all or none. */
export function chainFrom(model: Model, cut: Cut, effort: Effort): Chain {
  const gradients = gradientsOf(model, cut)
  // Blocks of equal structure are built once.
  const known = new Map<string, { readonly tasks: readonly DagTaskId[]; readonly step: ChainStep }>()
  const steps = cut.forward.map((_, i) => {
    const builder = new BlockBuilder(model, cut, gradients, i)
    const tasks = [...cut.forward[i]!, ...cut.backward[i]!]
    const key = builder.structure()
    const same = known.get(key)
    if (same !== undefined) return renamed(same.step, same.tasks, tasks)
    const step = builder.step(effort)
    known.set(key, { tasks, step })
    return step
  })
  return { steps, resident: model.startSize + sizeOf(model, cut.resident) }
}

/** By block: what later blocks made backward and it or earlier ones read. Outputs count where they are made. */
function gradientsOf(model: Model, { backward }: Cut): ReadonlySet<DagValueId>[] {
  const made = new Map<DagValueId, number>()
  const until = new Map<DagValueId, number>()
  for (let i = backward.length - 1; i >= 0; i--)
    for (const t of backward[i]!) {
      for (const v of model.reads[t]!) if (made.has(v)) until.set(v, i)
      for (const w of model.writes[t]!) made.set(w, i)
    }
  const gradients: Set<DagValueId>[] = backward.map(() => new Set())
  for (const [v, i] of made)
    if (model.output[v] === 0 && model.bufferOf[v]! < 0)
      for (let j = i - 1; j >= (until.get(v) ?? i); j--) gradients[j]!.add(v)
  return gradients
}

/** The step of a block as that of another one of equal structure. */
function renamed(step: ChainStep, from: readonly DagTaskId[], to: readonly DagTaskId[]): ChainStep {
  const other = new Map(from.map((t, i) => [t, to[i]!]))
  const all = (tasks: readonly DagTaskId[]): DagTaskId[] => tasks.map(t => other.get(t)!)
  return {
    ...step,
    forward: all(step.forward),
    options: step.options.map(o => ({ ...o, forward: all(o.forward), runs: all(o.runs) })),
    direct: { ...step.direct, runs: all(step.direct.runs) },
  }
}

class BlockBuilder {
  readonly #model: Model
  readonly #forward: readonly DagTaskId[]
  readonly #backward: readonly DagTaskId[]
  readonly #before: ReadonlySet<DagValueId>
  readonly #after: ReadonlySet<DagValueId>
  readonly #gradient: ReadonlySet<DagValueId>
  readonly #gradientBefore: ReadonlySet<DagValueId>
  readonly #resident: ReadonlySet<DagValueId>
  readonly #residuals: readonly DagValueId[]
  readonly #lasting: readonly DagValueId[]
  /** What counts elsewhere. */
  readonly #beside: (v: DagValueId) => boolean

  constructor(model: Model, cut: Cut, gradients: readonly ReadonlySet<DagValueId>[], i: number) {
    this.#model = model
    this.#forward = cut.forward[i]!
    this.#backward = cut.backward[i]!
    this.#before = cut.states[i - 1] ?? new Set()
    this.#after = cut.states[i]!
    this.#gradient = gradients[i]!
    this.#gradientBefore = gradients[i - 1] ?? new Set()
    this.#resident = cut.resident
    this.#beside = v => this.#before.has(v) || this.#resident.has(v)
    const made = new Set(this.#forward.flatMap(t => [...model.writes[t]!]))
    const read = new Set(this.#backward.flatMap(t => [...model.reads[t]!]))
    this.#residuals = [...made].filter(v => read.has(v) && !this.#after.has(v) && !this.#resident.has(v))
    this.#lasting = [...made].filter(v => this.#resident.has(v))
  }

  /** All that the step depends on, tasks and values being named in the order in which they occur. */
  structure(): string {
    const model = this.#model
    const names = new Map<DagValueId, number>()
    const parts: string[] = [String(this.#forward.length)]
    const name = (v: DagValueId): number => {
      const known = names.get(v)
      if (known !== undefined) return known
      names.set(v, names.size)
      const sets = [this.#before, this.#after, this.#gradient, this.#gradientBefore, this.#resident]
      const flags = sets.map(set => (set.has(v) ? 1 : 0)).join('')
      const kind = `${model.pinned[v]}${model.output[v]}${model.bufferOf[v]! < 0 ? 0 : 1}`
      parts.push(`=${model.size[v]},${flags}${kind}${model.producer[v]! < 0 ? 1 : 0}`)
      return names.size - 1
    }
    for (const t of [...this.#forward, ...this.#backward]) {
      const pairs = model.inPlace[t]!.map(([p, w]) => `${name(p)}/${name(w)}`)
      const reads = [...model.reads[t]!].map(name)
      const writes = [...model.writes[t]!].map(name)
      parts.push(`${model.cost[t]},${model.workspace[t]}:${reads.join()}>${writes.join()};${pairs.join()}`)
    }
    for (const set of [this.#after, this.#gradient]) {
      let [count, bytes] = [0, 0]
      for (const v of set) if (!names.has(v)) [count, bytes] = [count + 1, bytes + model.size[v]!]
      parts.push(`${count},${bytes}`)
    }
    return parts.join(' ')
  }

  step(effort: Effort): ChainStep {
    const model = this.#model
    const base = this.#option(new Set())
    const after = [...this.#after]
    const all = this.#option(new Set(this.#residuals))
    const left = this.#backward.flatMap(t => [...model.writes[t]!]).filter(v => this.#isLeft(v))
    const peak = peakOf(model, [...all.forward, ...this.#backward], this.#gradient, this.#beside, v =>
      this.#stays(v),
    )
    const state = after.reduce((n, v) => n + model.size[v]!, 0)
    return {
      forward: base.forward,
      cost: base.forwardCost,
      state,
      forwardPeak: base.forwardPeak,
      gradient: sizeOf(model, this.#gradient),
      left: sizeOf(model, left),
      options: [base, ...this.#keeping(all, effort)],
      direct: { runs: [...all.forward, ...this.#backward], cost: all.forwardCost, peak },
      selfSufficient: !base.runs.some(t => model.reads[t]!.some(v => this.#before.has(v))),
    }
  }

  #isLeft(v: DagValueId): boolean {
    return this.#model.output[v] === 1 && this.#model.bufferOf[v]! < 0
  }

  #stays(v: DagValueId): boolean {
    return this.#gradientBefore.has(v) || this.#isLeft(v)
  }

  /** What runs forward, and again before backward, if of the residuals some are kept. */
  #runs(kept: ReadonlySet<DagValueId>): { forward: DagTaskId[]; again: DagTaskId[]; cost: number } {
    const model = this.#model
    const given = (v: DagValueId): boolean =>
      this.#beside(v) || model.pinned[v] === 1 || model.producer[v]! < 0
    const lasting = new Set(this.#lasting)
    const wanted = [...this.#after, ...kept, ...lasting]
    const forward = tasksFor(model, this.#forward, wanted, v => given(v) && !lasting.has(v))
    const there = (v: DagValueId): boolean => given(v) || kept.has(v) || this.#after.has(v)
    const again = tasksFor(model, this.#forward, this.#residuals, there)
    return { forward, again, cost: costOf(model, forward) + costOf(model, again) }
  }

  #option(kept: ReadonlySet<DagValueId>): StepOption {
    const model = this.#model
    const { forward, again } = this.#runs(kept)
    const runs = interleaved(model, this.#backward, again)
    const start = [...this.#after, ...kept, ...this.#gradient]
    return {
      kept: sizeOf(model, kept),
      forward,
      forwardCost: costOf(model, forward),
      forwardPeak: Math.max(
        peakOf(model, forward, [], this.#beside, v => this.#after.has(v) || kept.has(v)),
        sizeOf(model, this.#after) + sizeOf(model, kept),
      ),
      runs,
      redoCost: costOf(model, again),
      backwardPeak: peakOf(model, runs, start, this.#beside, v => this.#stays(v)),
    }
  }

  /** All residuals kept; then, step by step, without what costs least to run again for its bytes. */
  #keeping(all: StepOption, effort: Effort): StepOption[] {
    if (all.kept === 0) return []
    const options = [all]
    const once = this.#residuals.length * this.#forward.length
    const work = once * this.#residuals.length
    if (once > muchWork || work > effort.left) return options
    effort.left -= work
    const kept = new Set(this.#residuals.filter(v => this.#model.size[v]! > 0))
    let cost = this.#runs(kept).cost
    while (kept.size > 1) {
      const prices = [...kept].map((v): [number, number] => {
        const without = new Set(kept)
        without.delete(v)
        return [v, (this.#runs(without).cost - cost) / this.#model.size[v]!]
      })
      const least = prices.reduce((n, [, price]) => Math.min(n, price), Number.POSITIVE_INFINITY)
      // Equal ones go together: there are many where a structure is repeated within the block.
      const some = prices.filter(([, price]) => price <= least + Math.abs(least) * 0.001)
      for (const [v] of kept.size > 24 ? some : some.slice(0, 1)) kept.delete(v)
      cost = this.#runs(kept).cost
      if (kept.size > 0) options.push(this.#option(kept))
    }
    return thinned(options)
  }
}

/** Not too many, none that keeps as much and costs more. */
function thinned(options: readonly StepOption[]): StepOption[] {
  const useful = options.filter(
    (o, i) =>
      !options.some(
        (p, k) =>
          k > i &&
          p.kept <= o.kept &&
          p.redoCost + p.forwardCost <= o.redoCost + o.forwardCost &&
          p.backwardPeak <= o.backwardPeak,
      ),
  )
  if (useful.length <= manyOptions) return useful
  return Array.from(
    { length: manyOptions },
    (_, i) => useful[Math.round((i * (useful.length - 1)) / (manyOptions - 1))]!,
  )
}

function sizeOf(model: Model, values: Iterable<DagValueId>): number {
  let sum = 0
  for (const v of values) sum += model.size[v]!
  return sum
}
