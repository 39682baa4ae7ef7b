import type { DagTaskId, DagValueId } from '../../dag/dag.ts'
import type { Model } from '../../dag/model.ts'
import type { Cut } from './blocks.ts'
import { costOf, interleaved, peakOf, tasksFor } from './measure.ts'
import type { Chain, ChainStep, StepOption } from './steps.ts'

/** Ways to keep a block's residuals, at most. */
const manyOptions = 8

/** The blocks of a cut as the steps of a chain. */
export function chainFrom(model: Model, cut: Cut): Chain {
  const bytes = (values: Iterable<DagValueId>): number => {
    let sum = 0
    for (const v of values) sum += model.size[v]!
    return sum
  }
  const gradients = gradientsOf(model, cut)
  const steps = cut.forward.map((_, i) => new BlockBuilder(model, cut, gradients, i).step())
  return { steps, resident: model.startSize + bytes(cut.resident) }
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

  step(): ChainStep {
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
      options: [base, ...this.#keeping(all)],
      direct: { runs: [...all.forward, ...this.#backward], cost: all.forwardCost, peak },
      selfSufficient: false,
    }
  }

  #isLeft(v: DagValueId): boolean {
    return this.#model.output[v] === 1 && this.#model.bufferOf[v]! < 0
  }

  #stays(v: DagValueId): boolean {
    return this.#gradientBefore.has(v) || this.#isLeft(v)
  }

  #option(kept: ReadonlySet<DagValueId>): StepOption {
    const model = this.#model
    const there = (v: DagValueId): boolean =>
      this.#beside(v) || model.pinned[v] === 1 || model.producer[v]! < 0
    const wanted = [...this.#after, ...kept, ...this.#lasting]
    const forward = tasksFor(
      model,
      this.#forward,
      wanted,
      v => (there(v) && !this.#lasting.includes(v)) || (this.#before.has(v) && !this.#lasting.includes(v)),
    )
    const again = tasksFor(
      model,
      this.#forward,
      this.#residuals,
      v => there(v) || kept.has(v) || this.#after.has(v),
    )
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
  #keeping(all: StepOption): StepOption[] {
    if (all.kept === 0) return []
    const options = [all]
    const kept = new Set(this.#residuals.filter(v => this.#model.size[v]! > 0))
    let now = all
    while (kept.size > 1) {
      let [best, bestRatio, gone] = [undefined as StepOption | undefined, Number.POSITIVE_INFINITY, -1]
      for (const v of kept) {
        const without = new Set(kept)
        without.delete(v)
        const option = this.#option(without)
        const ratio =
          (option.redoCost + option.forwardCost - now.redoCost - now.forwardCost) / this.#model.size[v]!
        if (ratio < bestRatio) [best, bestRatio, gone] = [option, ratio, v]
      }
      kept.delete(gone)
      now = best!
      options.push(now)
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
