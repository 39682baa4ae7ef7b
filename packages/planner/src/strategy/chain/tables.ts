import type { ChainStep, StepOption } from './steps.ts'

/** The least cost of something by the units of memory that it may use: a function that falls in steps. */
export interface Table {
  /** Where it falls: below the first it cannot be done. Empty if it can never be done. */
  readonly from: Int32Array
  /** The cost from there on. */
  readonly costs: Float64Array
}

/**
 * A way to run steps s to t backward: maybe first steps from s on forward, then one part backward, then another. What it
 * costs in so many units is `cost`, and what the parts cost in that less what is kept meanwhile.
 */
export interface Way {
  kind: 'split' | 'keep' | 'at-once' | 'last' | 'whole'
  /** The step up to which it goes forward first, or the number of an option. */
  at: number
  cost: number
  /** Least units. */
  low: number
  first: Table
  firstLess: number
  second: Table
  secondLess: number
}

/** A chain's bytes in whole units, rounded up. */
export interface Units {
  readonly state: Float64Array
  readonly forwardPeak: Float64Array
  readonly gradient: Float64Array
  readonly left: Float64Array
  readonly direct: Float64Array
  readonly options: readonly (readonly Pick<StepOption, 'kept' | 'forwardPeak' | 'backwardPeak'>[])[]
}

export function unitsOf(steps: readonly ChainStep[], unit: number): Units {
  const up = (bytes: number): number => Math.ceil(bytes / unit)
  const all = (of: (step: ChainStep) => number): Float64Array => Float64Array.from(steps, s => up(of(s)))
  return {
    state: all(s => s.state),
    forwardPeak: all(s => s.forwardPeak),
    gradient: all(s => s.gradient),
    left: all(s => s.left),
    direct: all(s => s.direct.peak),
    options: steps.map(s =>
      s.options.map(o => ({
        kept: up(o.kept),
        forwardPeak: up(o.forwardPeak),
        backwardPeak: up(o.backwardPeak),
      })),
    ),
  }
}

export function costIn({ from, costs }: Table, units: number): number {
  let [low, high] = [0, from.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (from[middle]! <= units) low = middle + 1
    else high = middle
  }
  return low === 0 ? Number.POSITIVE_INFINITY : costs[low - 1]!
}

export interface TablesOptions {
  /** What costs more than this for the whole chain is left out; more speed, if that is known. */
  readonly most?: number
  /** Most entries of tables that are looked at. */
  readonly work?: number
  readonly stop?: () => boolean
}

/** How many parts are planned between looks at the clock. */
const looks = 64

/** What there is nothing to do for, and what cannot be done. */
const nothing: Table = { from: new Int32Array(1), costs: new Float64Array(1) }
const never: Table = { from: new Int32Array(0), costs: new Float64Array(0) }

/**
 * Least costs of running any part of a chain backward, by dynamic programming over parts and memory: rotor's (Herrmann,
 * Beaumont, Eyraud-Dubois, Hermann, Joly, Shilova 2019, "Optimal checkpointing for heterogeneous chains", section 4), with
 * several ways to keep residuals (as in Rockmate, Zhao et al. 2023), and one thing more: where a part's last state is a
 * checkpoint, the step that ends there need not run again. Optimal among schedules that never give up a checkpoint before
 * its last use. Parts of the same content share their tables, so that repeated structure is planned once.
 */
export class Tables {
  readonly steps: readonly ChainStep[]
  readonly units: Units
  readonly memory: number
  /** By content of the part: with the last state still to be computed; already there; and the better of the two then. */
  readonly #open: (Table | undefined)[] = []
  readonly #ended: (Table | undefined)[] = []
  readonly #either: (Table | undefined)[] = []
  /** Content of the part from s to t, at s · length + t. */
  readonly #content: Int32Array
  readonly #costSum: Float64Array
  readonly #leftSum: Float64Array
  readonly #scratch: Float64Array
  readonly #pool: Way[] = []
  #count = 0
  /** Entries looked at. */
  #work = 0

  constructor(
    steps: readonly ChainStep[],
    units: Units,
    memory: number,
    { most = Number.POSITIVE_INFINITY, work = Number.POSITIVE_INFINITY, stop }: TablesOptions = {},
  ) {
    this.steps = steps
    this.units = units
    this.memory = memory
    this.#costSum = sums(Float64Array.from(steps, s => s.cost))
    this.#leftSum = sums(units.left)
    this.#scratch = new Float64Array(memory + 1)
    this.#content = contents(steps, units)
    const count = steps.length
    const surplus = most - this.#floor(0, count - 1, false)
    const caps = this.#caps(surplus)
    let parts = 0
    for (let length = 1; length <= count; length++)
      for (let s = 0; s + length <= count; s++) {
        const t = s + length - 1
        const content = this.#content[s * count + t]!
        if (this.#open[content] !== undefined) continue
        if (this.#work > work || (++parts % looks === 0 && stop?.() === true)) return
        const cap = caps[content]!
        // Where the last state need not be computed comes first: computing it is a way of the other.
        this.#list(s, t, true)
        const ended = this.#least(cap, this.#floor(s, t, true) + surplus)
        this.#ended[content] = ended
        this.#list(s, t, false)
        const open = this.#least(cap, this.#floor(s, t, false) + surplus)
        this.#open[content] = open
        this.#count = 0
        for (const table of [ended, open]) this.#add('whole', t, 0, 0, nothing, 0, table, 0)
        this.#either[content] = this.#least(cap, Number.POSITIVE_INFINITY)
      }
  }

  /** Steps s to t backward, the gradient after t and the state before s being there; `ended`: the state after t, too. */
  table(s: number, t: number, ended: boolean): Table {
    return (ended ? this.#ended : this.#open)[this.#content[s * this.steps.length + t]!]!
  }

  /** The whole chain; undefined where work or time ran out. */
  get whole(): Table | undefined {
    return this.#open[this.#content[this.steps.length - 1]!]
  }

  /** Whether, where the state after t is there, it is best kept. */
  better(s: number, t: number, memory: number): boolean {
    return costIn(this.table(s, t, true), memory) <= costIn(this.table(s, t, false), memory)
  }

  /** A cost that no way can do without, given any memory. */
  #floor(s: number, t: number, ended: boolean): number {
    const once = this.#costSum[t]! - this.#costSum[s]!
    const { options, direct, cost, selfSufficient } = this.steps[t]!
    if (!ended) return once + Math.min(direct.cost, cost)
    const before = selfSufficient && s < t ? this.#floor(s, t - 1, false) : once
    return options[0]!.redoCost + Math.min(once, before)
  }

  /**
   * The most memory that parts of each content can have: checkpoints before them take some, unless steps are repeated for
   * want of them, at no more than the surplus. The least of both together is a shortest path, for several prices of a byte.
   */
  #caps(surplus: number): Int32Array {
    const count = this.steps.length
    const used = new Float64Array(count)
    const total = this.#costSum[count]!
    if (surplus < Number.POSITIVE_INFINITY && total > 0) {
      const even = this.units.state.reduce((n, x) => n + x, 0) / total
      const path = new Float64Array(count)
      for (let price = even / 32; price <= even * 32; price *= 2)
        for (let s = 1; s < count; s++) {
          let least = price * (this.#costSum[s - 1]! - this.#costSum[0]!)
          for (let a = 1; a < s; a++)
            least = Math.min(least, path[a]! + price * (this.#costSum[s - 1]! - this.#costSum[a]!))
          path[s] = least + this.units.state[s - 1]!
          used[s] = Math.max(used[s]!, path[s]! - price * surplus)
        }
    }
    const caps = new Int32Array(this.#content.reduce((n, c) => Math.max(n, c + 1), 0))
    for (let s = 0; s < count; s++) {
      const cap = Math.max(0, this.memory - Math.max(0, Math.floor(used[s]! - 1e-6)))
      for (let t = s; t < count; t++) {
        const content = this.#content[s * count + t]!
        caps[content] = Math.max(caps[content]!, cap)
      }
    }
    return caps
  }

  /** The cheapest way for a part in so many units. */
  cheapest(s: number, t: number, ended: boolean, memory: number): Way {
    this.#list(s, t, ended)
    let [best, least] = [this.#pool[0]!, Number.POSITIVE_INFINITY]
    for (let i = 0; i < this.#count; i++) {
      const way = this.#pool[i]!
      if (memory < way.low) continue
      const parts = costIn(way.first, memory - way.firstLess) + costIn(way.second, memory - way.secondLess)
      if (way.cost + parts < least) [best, least] = [way, way.cost + parts]
    }
    return { ...best }
  }

  /** Lists all ways for a part. */
  #list(s: number, t: number, ended: boolean): void {
    const { steps, units } = this
    const [base, low] = [steps[t]!.options[0]!, units.options[t]![0]!.backwardPeak]
    this.#count = 0
    if (s === t && ended) this.#add('last', t, base.redoCost, low, nothing, 0, nothing, 0)
    if (s === t && !ended)
      this.#add('at-once', t, steps[s]!.direct.cost, units.direct[s]!, nothing, 0, nothing, 0)
    if (s < t && ended && steps[t]!.selfSufficient)
      this.#add('last', t, base.redoCost, low, nothing, 0, this.table(s, t - 1, false), units.left[t]!)
    const beside = units.gradient[t]! + (ended ? units.state[t]! : 0)
    if (s < t) this.#keeping(s, t, ended, beside)
    this.#advancing(s, t, ended, beside)
  }

  /** Step s keeps some of its residuals until it runs backward. */
  #keeping(s: number, t: number, ended: boolean, beside: number): void {
    const [step, units] = [this.steps[s]!, this.units]
    const left = this.#leftSum[t + 1]! - this.#leftSum[s + 1]!
    const first = this.table(s + 1, t, ended)
    for (const [k, { kept, forwardPeak, backwardPeak }] of units.options[s]!.entries()) {
      const cost = step.options[k]!.forwardCost + step.options[k]!.redoCost
      const low = Math.max(beside + forwardPeak, left + backwardPeak)
      if (kept > 0) this.#add('keep', k, cost, low, first, kept + units.state[s]!, nothing, 0)
    }
  }

  /** Forward to step j, whose state is kept until all after it has run backward. */
  #advancing(s: number, t: number, ended: boolean, beside: number): void {
    const { units, steps } = this
    let peak = 0
    for (let j = s; j < t; j++) {
      peak = Math.max(peak, units.forwardPeak[j]! + (j > s ? units.state[j - 1]! : 0))
      const cost = this.#costSum[j + 1]! - this.#costSum[s]!
      const first = this.table(j + 1, t, ended)
      const second = this.#either[this.#content[s * steps.length + j]!]!
      const less = this.#leftSum[t + 1]! - this.#leftSum[j + 1]!
      this.#add('split', j, cost, beside + peak, first, units.state[j]!, second, less)
    }
    if (ended) return
    peak = Math.max(peak, units.forwardPeak[t]! + (t > s ? units.state[t - 1]! : 0))
    const cost = this.#costSum[t + 1]! - this.#costSum[s]!
    this.#add('whole', t, cost, beside + peak, nothing, 0, this.table(s, t, true), 0)
  }

  #add(
    kind: Way['kind'],
    at: number,
    cost: number,
    low: number,
    first: Table,
    firstLess: number,
    second: Table,
    secondLess: number,
  ): void {
    if (first.costs.length === 0 || second.costs.length === 0 || low > this.memory) return
    const way = this.#pool[this.#count++]
    if (way === undefined) this.#pool.push({ kind, at, cost, low, first, firstLess, second, secondLess })
    else {
      way.kind = kind
      way.at = at
      way.cost = cost
      way.low = low
      way.first = first
      way.firstLess = firstLess
      way.second = second
      way.secondLess = secondLess
    }
  }

  /** The least of the listed ways at every memory up to `cap`, as far as it is at most `most`. */
  #least(cap: number, most: number): Table {
    const [best, pool, count] = [this.#scratch, this.#pool, this.#count]
    let top = -1
    for (let i = 0; i < count; i++) top = Math.max(top, Math.min(cap, topOf(pool[i]!)))
    best.fill(Number.POSITIVE_INFINITY, 0, top + 1)
    // Ways are followed only where they can win, which shows where the cost that is known falls everywhere.
    let settle = 2
    for (let i = 0; i < count; i++) {
      const way = pool[i]!
      this.#work++
      if (leastOf(way) <= most) this.#work += relax(best, top, way)
      if (i + 1 < settle) continue
      fall(best, top)
      settle *= 8
    }
    fall(best, top)
    return tableOf(best, top, most)
  }
}

function leastOf({ cost, first, second }: Way): number {
  return cost + first.costs[first.costs.length - 1]! + second.costs[second.costs.length - 1]!
}

/** The memory from which a way gets no cheaper. */
function topOf({ low, first, firstLess, second, secondLess }: Way): number {
  return Math.max(
    low,
    first.from[first.from.length - 1]! + firstLess,
    second.from[second.from.length - 1]! + secondLess,
  )
}

/** Lowers `best` to what a way costs, where that falls; returns how many entries it looks at. */
function relax(best: Float64Array, top: number, way: Way): number {
  const { cost, first, firstLess, second, secondLess } = way
  const [a, b, fromA, fromB] = [first.costs, second.costs, first.from, second.from]
  const [endA, endB] = [a.length, b.length]
  const least = leastOf(way)
  let m = Math.max(way.low, fromA[0]! + firstLess, fromB[0]! + secondLess)
  let [i, k, looked] = [1, 1, 0]
  while (m <= top) {
    looked++
    while (i < endA && fromA[i]! + firstLess <= m) i++
    while (k < endB && fromB[k]! + secondLess <= m) k++
    if (best[m]! <= least) return looked
    const value = cost + a[i - 1]! + b[k - 1]!
    if (value < best[m]!) best[m] = value
    if (i === endA && k === endB) return looked
    const nextA = i < endA ? fromA[i]! + firstLess : Number.POSITIVE_INFINITY
    const nextB = k < endB ? fromB[k]! + secondLess : Number.POSITIVE_INFINITY
    m = Math.min(nextA, nextB)
  }
  return looked
}

/** More memory never costs more. */
function fall(best: Float64Array, top: number): void {
  let least = Number.POSITIVE_INFINITY
  for (let m = 0; m <= top; m++) {
    if (best[m]! < least) least = best[m]!
    else best[m] = least
  }
}

function tableOf(best: Float64Array, top: number, most: number): Table {
  let count = 0
  let last = Number.POSITIVE_INFINITY
  for (let m = 0; m <= top; m++) {
    if (best[m]! >= last || best[m]! > most) continue
    last = best[m]!
    count++
  }
  if (count === 0) return never
  const [from, costs] = [new Int32Array(count), new Float64Array(count)]
  last = Number.POSITIVE_INFINITY
  count = 0
  for (let m = 0; m <= top; m++) {
    if (best[m]! >= last || best[m]! > most) continue
    last = best[m]!
    from[count] = m
    costs[count++] = last
  }
  return { from, costs }
}

function sums(values: Float64Array): Float64Array {
  const result = new Float64Array(values.length + 1)
  for (let i = 0; i < values.length; i++) result[i + 1] = result[i]! + values[i]!
  return result
}

/** A number for what each part consists of; equal parts have equal numbers. */
function contents(steps: readonly ChainStep[], units: Units): Int32Array {
  const known = new Map<string | number, number>()
  const number = (key: string | number): number => {
    const found = known.get(key) ?? known.size
    known.set(key, found)
    return found
  }
  const length = steps.length
  const single = steps.map((step, i) =>
    number(
      JSON.stringify([
        step.cost,
        step.direct.cost,
        step.selfSufficient,
        step.options.map(o => [o.forwardCost, o.redoCost]),
        units.options[i],
        [units.state, units.forwardPeak, units.gradient, units.left, units.direct].map(u => u[i]),
      ]),
    ),
  )
  const result = new Int32Array(length * length)
  for (let s = 0; s < length; s++) {
    result[s * length + s] = single[s]!
    for (let t = s + 1; t < length; t++)
      result[s * length + t] = number(result[s * length + t - 1]! * 2 ** 26 + single[t]!)
  }
  return result
}
