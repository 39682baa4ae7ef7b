import type { Dag, Fixed, Plan, RunStep } from '../dag/dag.ts'

export type Verdict =
  | { readonly ok: true; readonly peak: number; readonly arena: number; readonly cost: number }
  | { readonly ok: false; readonly step: number; readonly reason: string }

/** Bytes of the arena: a plan of larger offsets is beyond this judge. */
const most = 1 << 20

class Reject extends Error {
  readonly step: number
  constructor(step: number, reason: string) {
    super(reason)
    this.step = step
  }
}

/**
 * A second judge of plans, written from the rules and in another way than the verifier: it keeps a list of what exists,
 * and at each step paints all of it afresh into a map of bytes. Slow, and only for small arenas.
 */
export function judge(dag: Dag, plan: Plan, options: { budget?: number; fixed?: Fixed } = {}): Verdict {
  try {
    const found = new Naive(dag, plan).replay()
    if (plan.peakBytes !== found.peak) throw new Reject(-1, `says peak ${plan.peakBytes}, is ${found.peak}`)
    if (plan.cost !== found.cost) throw new Reject(-1, `says cost ${plan.cost}, is ${found.cost}`)
    if (plan.arenaBytes < found.arena)
      throw new Reject(-1, `says arena ${plan.arenaBytes}, is ${found.arena}`)
    if (plan.lowerBound > found.cost) throw new Reject(-1, 'costs less than its lower bound')
    const base = baseCost(dag, plan)
    if (plan.baseCost !== base) throw new Reject(-1, `says base cost ${plan.baseCost}, is ${base}`)
    if (options.budget !== undefined && plan.arenaBytes > options.budget)
      throw new Reject(-1, 'over the budget')
    for (const [v, at] of options.fixed ?? [])
      if (!plan.pinned.some(([p, offset]) => p === v && offset === at))
        throw new Reject(-1, `${v} is not fixed`)
    return { ok: true, ...found }
  } catch (error) {
    if (error instanceof Reject) return { ok: false, step: error.step, reason: error.message }
    throw error
  }
}

/** Tasks that are on under the picked options. */
function tasksOn(dag: Dag, plan: Plan): boolean[] {
  const choices = dag.choices ?? []
  if (plan.choice.length !== choices.length) throw new Reject(-1, 'another number of choices')
  const on = dag.tasks.map(() => true)
  for (const [i, choice] of choices.entries()) {
    const option = choice.options[plan.choice[i]!]
    if (option === undefined) throw new Reject(-1, `choice ${i} has no option ${plan.choice[i]}`)
    for (const t of option.off) on[t] = false
  }
  return on
}

function baseCost(dag: Dag, plan: Plan): number {
  const on = tasksOn(dag, plan)
  const wanted = new Set([...dag.outputs, ...(dag.next ?? []).map(n => n.value)])
  let cost = 0
  // Readers stand after what they read, so that one walk backwards sees every want in time.
  for (let t = dag.tasks.length - 1; t >= 0; t--) {
    const task = dag.tasks[t]!
    if (!on[t] || !task.writes.some(v => wanted.has(v))) continue
    cost += task.cost
    for (const v of task.reads) wanted.add(v)
  }
  return cost
}

/** A value that exists: where it starts (undefined in a plan without offsets), or the pinned value whose buffer it is in. */
interface Thing {
  readonly value: number
  readonly offset: number | undefined
  readonly home: number | undefined
}

class Naive {
  readonly #dag: Dag
  readonly #plan: Plan
  readonly #on: boolean[]
  readonly #offsets: boolean
  #things: Thing[] = []
  /** Step at which the old content of a pinned value went. */
  readonly #gone = new Map<number, number>()
  readonly #ran: number[] = []
  /** Step at which each thing came. */
  readonly #since = new Map<number, number>()
  #peak = 0
  #arena = 0
  #cost = 0

  constructor(dag: Dag, plan: Plan) {
    this.#dag = dag
    this.#plan = plan
    this.#on = tasksOn(dag, plan)
    const writers = dag.values.map((_, v) => dag.tasks.filter((t, i) => this.#on[i] && t.writes.includes(v)))
    if (writers.some(w => w.length > 1)) throw new Reject(-1, 'two producers of one value')
    const says = (s: object): boolean => 'at' in s || 'workspaceAt' in s
    this.#offsets = plan.pinned.length > 0 || plan.steps.some(says)
  }

  replay(): { peak: number; arena: number; cost: number } {
    this.#begin()
    for (const [i, step] of this.#plan.steps.entries()) {
      if ('run' in step) this.#run(i, step)
      else if ('free' in step) this.#leave(i, step.free)
      else this.#commit(i, step.commit)
    }
    const end = this.#plan.steps.length
    for (const v of this.#dag.outputs) {
      if (this.#find(v) === undefined) throw new Reject(end, `output ${v} is missing`)
      if (this.#gone.has(v)) throw new Reject(end, `output ${v} is overwritten`)
    }
    for (const { pinned } of this.#dag.next ?? [])
      if (!this.#gone.has(pinned)) throw new Reject(end, `${pinned} keeps its old content`)
    return { peak: this.#peak, arena: this.#offsets ? this.#arena : this.#peak, cost: this.#cost }
  }

  #begin(): void {
    const resident = this.#dag.values.map(v => v.pinned === true || v.input === true)
    for (const [v] of this.#plan.pinned)
      if (!resident[v]) throw new Reject(-1, `${v} is not there at the start`)
    for (let v = 0; v < resident.length; v++) {
      if (!resident[v]) continue
      const places = this.#plan.pinned.filter(([p]) => p === v)
      if (places.length > 1 || (this.#offsets && places.length === 0)) throw new Reject(-1, `places of ${v}`)
      this.#things.push({ value: v, offset: places[0]?.[1], home: undefined })
    }
    this.#paint(-1, this.#things, [])
  }

  #find(v: number): Thing | undefined {
    return this.#things.find(t => t.value === v)
  }

  #isPinned(v: number): boolean {
    return this.#dag.values[v]?.pinned === true
  }

  #run(i: number, step: RunStep): void {
    const task = this.#dag.tasks[step.run]
    if (task === undefined || !this.#on[step.run]) throw new Reject(i, 'no such task')
    if (task.once === true && this.#ran.includes(step.run)) throw new Reject(i, 'runs twice')
    this.#ran.push(step.run)
    for (const thing of this.#things) this.#checkDropped(i, thing.value)
    this.#cost += task.cost
    for (const v of task.reads) {
      if (this.#find(v) === undefined) throw new Reject(i, `${v} is not there`)
      if (this.#gone.has(v)) throw new Reject(i, `${v} is overwritten`)
    }
    const before = this.#things
    const ends: number[] = []
    const added: Thing[] = []
    const overlay: Thing[] = []
    const replaces = step.replaces ?? []
    const at = step.at ?? []
    for (const [w] of [...replaces, ...at])
      if (!task.writes.includes(w)) throw new Reject(i, `does not write ${w}`)
    for (const w of task.writes) {
      const takes = replaces.filter(r => r[0] === w).map(r => r[1])
      const lies = at.filter(a => a[0] === w).map(a => a[1])
      if (takes.length + lies.length > 1) throw new Reject(i, `${w} is placed twice`)
      const known = this.#find(w)
      if (known !== undefined) {
        if (takes.length > 0) throw new Reject(i, `a second instance of ${w}`)
        const now = known.home === undefined ? known.offset : this.#find(known.home)!.offset
        if (lies.length > 0 && lies[0] !== now) throw new Reject(i, `${w} moves`)
      } else if (takes.length > 0) {
        overlay.push(this.#takeOver(i, step, w, takes[0]!, ends))
      } else {
        if (this.#offsets && lies.length === 0) throw new Reject(i, `${w} has no place`)
        added.push({ value: w, offset: lies[0], home: undefined })
      }
    }
    const workspace = task.workspace ?? 0
    if (workspace > 0 && this.#offsets && step.workspaceAt === undefined) throw new Reject(i, 'no workspace')
    for (const thing of [...added, ...overlay]) this.#since.set(thing.value, i)
    // While it runs, all that it reads still exists, and what takes a place lies within that place.
    this.#paint(i, [...before, ...added], [[step.workspaceAt, workspace]])
    this.#things = [...before.filter(t => !ends.includes(t.value)), ...added, ...overlay]
  }

  /** Nothing lives at step `i` that a checkpoint dropped before. */
  #checkDropped(i: number, v: number): void {
    for (const { tasks, keeps } of this.#dag.checkpoints ?? []) {
      const writers = tasks.filter(t => this.#on[t] && this.#dag.tasks[t]!.writes.includes(v))
      if (keeps.includes(v) || writers.length === 0) continue
      const first = (t: number): number => this.#plan.steps.findIndex(s => 'run' in s && s.run === t)
      const end = Math.max(...tasks.map(first))
      if (end < i && this.#since.get(v)! <= end) throw new Reject(i, `${v} outlives a checkpoint`)
    }
  }

  /** `w` takes the place of `place`, which ends (into `ends`), or goes into its pinned buffer. */
  #takeOver(i: number, step: RunStep, w: number, place: number, ends: number[]): Thing {
    const task = this.#dag.tasks[step.run]!
    const listed = (task.inPlace ?? []).some(([p, r]) => p === place && r === w)
    if (step.replaces!.filter(r => r[1] === place).length > 1) throw new Reject(i, `${place} is taken twice`)
    if (this.#isPinned(place)) {
      const donates = (this.#dag.next ?? []).some(n => n.pinned === place && n.value === w)
      if (!donates) throw new Reject(i, `${w} does not succeed ${place}`)
      if (task.reads.includes(place) && !listed)
        throw new Reject(i, `${place} is read while it is overwritten`)
      if (this.#gone.has(place)) throw new Reject(i, `${place} is overwritten twice`)
      this.#gone.set(place, i)
      return { value: w, offset: undefined, home: place }
    }
    const had = this.#find(place)
    if (!listed || had === undefined || had.home !== undefined)
      throw new Reject(i, `${place} cannot be taken`)
    ends.push(place)
    return { value: w, offset: had.offset, home: undefined }
  }

  #leave(i: number, v: number): void {
    const had = this.#find(v)
    if (had === undefined || this.#isPinned(v) || had.home !== undefined)
      throw new Reject(i, `cannot free ${v}`)
    this.#things = this.#things.filter(t => t.value !== v)
  }

  #commit(i: number, pinned: number): void {
    const entry = (this.#dag.next ?? []).find(n => n.pinned === pinned)
    if (entry === undefined || this.#gone.has(pinned)) throw new Reject(i, `cannot commit ${pinned}`)
    if (this.#find(entry.value) === undefined) throw new Reject(i, `${entry.value} is not there`)
    this.#gone.set(pinned, i)
    this.#cost += entry.copyCost
    this.#things = this.#things.map(t =>
      t.value === entry.value ? { value: t.value, offset: undefined, home: pinned } : t,
    )
  }

  /** Counts the bytes of all that exists, and paints them: no byte belongs to two. */
  #paint(i: number, things: readonly Thing[], spaces: readonly [number | undefined, number][]): void {
    const align = this.#dag.align ?? 1
    const ranges: [offset: number | undefined, bytes: number][] = things
      .filter(t => t.home === undefined)
      .map(t => [t.offset, this.#dag.values[t.value]!.bytes])
    ranges.push(...spaces.filter(s => s[1] > 0))
    this.#peak = Math.max(
      this.#peak,
      ranges.reduce((n, r) => n + r[1], 0),
    )
    if (!this.#offsets) return
    const owner = new Uint8Array(
      ranges.reduce((n, [at, bytes]) => Math.max(n, Math.min(most, at! + bytes)), 0),
    )
    for (const [at, bytes] of ranges) {
      if (!Number.isInteger(at) || at! < 0 || at! % align !== 0) throw new Reject(i, `bad offset ${at}`)
      if (at! + bytes > most) throw new Reject(i, 'too large for this judge')
      this.#arena = Math.max(this.#arena, at! + bytes)
      for (let b = at!; b < at! + bytes; b++) {
        if (owner[b] === 1) throw new Reject(i, `byte ${b} belongs to two`)
        owner[b] = 1
      }
    }
  }
}
