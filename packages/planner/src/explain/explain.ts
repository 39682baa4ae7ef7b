import type { Dag, DagTaskId, DagValueId, Plan } from '../dag/dag.ts'
import { profile, verify } from '../verify/verify.ts'
import { type Again, History } from './history.ts'
import type { Lifetime } from './lifetimes.ts'
import { showExplanation } from './text.ts'

/** A value, as people know it. */
export interface Named {
  readonly value: DagValueId
  readonly name: string
  /** Where in the source it comes from, if the DAG says so. */
  readonly site?: string
  readonly bytes: number
}

/** A value that is computed once and lies unused for a while. */
export interface Kept extends Named {
  /** Runs during which it lies unused, in its longest rest. */
  readonly idle: number
  /** Of the task that computes it. */
  readonly cost: number
  /** What it would take to have it again after that rest; undefined where it cannot be had. */
  readonly again: Again | undefined
  readonly why: 'output' | 'once' | 'gone' | 'cheaper'
}

/** A value that is computed more than once. */
export interface Recomputed extends Named {
  readonly times: number
  /** Of computing it once more. */
  readonly cost: number
  /** Runs during which it is away between two stays. */
  readonly away: number
  /** Most bytes alive while it is away. */
  readonly fullest: number
  /** Whether it is away at the peak. */
  readonly awayAtPeak: boolean
  /** Whether it is only there again for what is itself computed again. */
  readonly onTheWay: boolean
  /** Whether a checkpoint of the DAG asks that it is dropped. */
  readonly checkpoint: boolean
}

/** Something alive at the peak. */
export interface AtPeak extends Named {
  readonly why: 'resident' | 'used here' | 'kept' | 'workspace'
  /** Runs until it is read next; undefined where nothing reads it again. */
  readonly next: number | undefined
}

/** A region of the DAG of which only some results were stored, as it asks. */
export interface Dropped {
  readonly tasks: number
  /** Results that were dropped when the region had run, and their bytes. */
  readonly count: number
  readonly bytes: number
}

/** What a plan does. Bytes; costs in the units of the DAG; moments in runs. */
export interface Totals {
  readonly peakBytes: number
  readonly arenaBytes: number
  readonly cost: number
  readonly baseCost: number
  /** 0.1 is 10 % more than without recomputation and copies. */
  readonly overhead: number
  readonly lowerBound: number
  /** Whether the bound says no more than that every task runs once. */
  readonly trivial: boolean
  readonly runs: number
  readonly recomputedTasks: number
  /** Results that take the place of an input of theirs, and their bytes. */
  readonly inPlace: { readonly count: number; readonly bytes: number }
  /** Successors that are written into a pinned buffer at once. */
  readonly donated: { readonly count: number; readonly bytes: number }
  /** Successors that are copied there later, and what that costs. */
  readonly copied: { readonly count: number; readonly bytes: number; readonly cost: number }
}

/** The moment at which most bytes live. */
export interface Peak {
  /** Index of the run; −1 where nothing runs. */
  readonly run: number
  readonly task: string
  readonly site?: string
  readonly bytes: number
  /** Largest first. */
  readonly values: readonly AtPeak[]
}

/** Why a plan is as it is. Plain data, and as a string a text for the terminal. */
export class Explanation {
  readonly totals: Totals
  readonly peak: Peak
  /** Those first that take most bytes for longest. */
  readonly kept: readonly Kept[]
  /** Those first that cost most. */
  readonly recomputed: readonly Recomputed[]
  /** Names of tasks that must run once, and did. */
  readonly once: readonly string[]
  /** One for each checkpoint. */
  readonly checkpoints: readonly Dropped[]

  constructor(parts: Omit<Explanation, 'toString'>) {
    this.totals = parts.totals
    this.peak = parts.peak
    this.kept = parts.kept
    this.recomputed = parts.recomputed
    this.once = parts.once
    this.checkpoints = parts.checkpoints
  }

  /** At most `rows` values a section, in lines of at most `columns` characters. */
  toString(options: { readonly columns?: number; readonly rows?: number } = {}): string {
    return showExplanation(this, options)
  }
}

/** Explains a plan from the DAG and the plan alone. Throws PlanError where the plan breaks a rule. */
export function explain(dag: Dag, plan: Plan): Explanation {
  const { recomputedTasks } = verify(dag, plan)
  const { peakStep, peakValues, liveBytes } = profile(dag, plan)
  const history = new History(
    dag,
    plan,
    liveBytes.map(([, bytes]) => bytes),
  )
  const peakRun = liveBytes.findIndex(([step]) => step === peakStep)
  const ran = new Set(history.runs.map(r => r.step.run))
  return new Explanation({
    totals: totalsOf(history, plan, recomputedTasks),
    peak: peakOf(history, peakRun, peakValues),
    kept: keptOf(history).sort((a, b) => b.bytes * b.idle - a.bytes * a.idle || a.value - b.value),
    recomputed: recomputedOf(history, peakRun).sort(
      (a, b) => b.times * b.cost - a.times * a.cost || a.value - b.value,
    ),
    once: [...ran].filter(t => dag.tasks[t]!.once === true).map(t => taskName(dag, t)),
    checkpoints: (dag.checkpoints ?? []).map(({ tasks, keeps }) => {
      const dropped = droppedBy(dag, tasks, keeps)
      const bytes = dropped.reduce((n, v) => n + dag.values[v]!.bytes, 0)
      return { tasks: tasks.length, count: dropped.length, bytes }
    }),
  })
}

function droppedBy(dag: Dag, tasks: readonly DagTaskId[], keeps: readonly DagValueId[]): DagValueId[] {
  return tasks.flatMap(t => dag.tasks[t]!.writes.filter(v => !keeps.includes(v)))
}

function totalsOf({ dag, list, runs }: History, plan: Plan, recomputedTasks: number): Totals {
  const { peakBytes, arenaBytes, cost, baseCost, lowerBound } = plan
  const sum = (chosen: readonly Lifetime[]): { count: number; bytes: number } => ({
    count: chosen.length,
    bytes: chosen.reduce((n, l) => n + dag.values[l.value]!.bytes, 0),
  })
  const copyCost = new Map((dag.next ?? []).map(n => [n.value, n.copyCost]))
  const copied = list.filter(l => l.end === 'committed')
  return {
    peakBytes,
    arenaBytes,
    cost,
    baseCost,
    overhead: baseCost > 0 ? cost / baseCost - 1 : 0,
    lowerBound,
    trivial: lowerBound <= baseCost,
    runs: runs.length,
    recomputedTasks,
    inPlace: sum(list.filter(l => l.over !== undefined)),
    donated: sum(list.filter(l => l.buffer !== undefined)),
    copied: { ...sum(copied), cost: copied.reduce((n, l) => n + copyCost.get(l.value)!, 0) },
  }
}

function peakOf({ dag, list, runs, live }: History, run: number, values: readonly DagValueId[]): Peak {
  const step = runs[run]?.step
  if (step === undefined) {
    const bytes = values.reduce((n, v) => n + dag.values[v]!.bytes, 0)
    return { run: -1, task: 'nothing', bytes, values: [] }
  }
  const task = dag.tasks[step.run]!
  const used = new Set([...task.reads, ...task.writes])
  const alive = new Map(list.filter(l => l.from <= run && l.to >= run).map(l => [l.value, l]))
  const found = values.map((v): AtPeak => {
    const resident = dag.values[v]!.pinned === true
    const next = alive.get(v)?.reads.find(r => r > run)
    return {
      ...named(dag, v, alive.get(v)?.task ?? -1),
      why: resident ? 'resident' : used.has(v) ? 'used here' : 'kept',
      next: next === undefined ? undefined : next - run,
    }
  })
  const name = taskName(dag, step.run)
  if ((task.workspace ?? 0) > 0)
    found.push({
      value: -1,
      name: `workspace of ${name}`,
      bytes: task.workspace!,
      why: 'workspace',
      next: undefined,
    })
  return {
    run,
    task: name,
    ...(task.site !== undefined && { site: task.site }),
    bytes: live[run]!,
    values: found.filter(v => v.bytes > 0).sort((a, b) => b.bytes - a.bytes || a.value - b.value),
  }
}

function keptOf(history: History): Kept[] {
  const { dag, runs } = history
  const outputs = new Set(dag.outputs)
  const kept: Kept[] = []
  for (const [life, ...more] of history.computed()) {
    if (life === undefined || more.length > 0 || life.bytes === 0) continue
    // An output rests until the end.
    const uses = [life.from, ...life.reads, ...(life.end === 'kept' ? [runs.length] : [])]
    let [idle, until] = [0, 0]
    for (let i = 1; i < uses.length; i++)
      if (uses[i]! - uses[i - 1]! - 1 > idle) [idle, until] = [uses[i]! - uses[i - 1]! - 1, uses[i]!]
    if (idle === 0) continue
    const task = dag.tasks[life.task]!
    const again = history.again(life.value, until)
    const why =
      outputs.has(life.value) && until === runs.length ? 'output' : task.once === true ? 'once' : undefined
    kept.push({
      ...named(dag, life.value, life.task),
      idle,
      cost: task.cost,
      again,
      why: why ?? (again === undefined ? 'gone' : 'cheaper'),
    })
  }
  return kept
}

function recomputedOf(history: History, peakRun: number): Recomputed[] {
  const { dag, runs } = history
  const found: Recomputed[] = []
  const dropped = new Set((dag.checkpoints ?? []).flatMap(c => droppedBy(dag, c.tasks, c.keeps)))
  for (const stays of history.computed()) {
    const [first, ...more] = stays
    if (first === undefined || more.length === 0) continue
    let [away, fullest, awayAtPeak, before] = [0, 0, false, first]
    for (const life of more) {
      away += life.from - before.to - 1
      fullest = Math.max(fullest, history.fullest(before.to, life.from))
      awayAtPeak ||= before.to < peakRun && peakRun < life.from
      before = life
    }
    found.push({
      ...named(dag, first.value, first.task),
      times: more.length,
      cost: dag.tasks[first.task]!.cost,
      away,
      fullest,
      awayAtPeak,
      onTheWay: more.every(l => l.end !== 'kept' && l.reads.every(r => runs[r]!.again > 0)),
      checkpoint: dropped.has(first.value),
    })
  }
  return found
}

function named(dag: Dag, value: DagValueId, task: DagTaskId): Named {
  const { name, bytes } = dag.values[value]!
  const made = dag.tasks[task]
  return {
    value,
    name: name ?? made?.name ?? `value ${value}`,
    ...(made?.site !== undefined && { site: made.site }),
    bytes,
  }
}

/** Of the task, or of its first result. */
function taskName(dag: Dag, t: DagTaskId): string {
  const { name, writes } = dag.tasks[t]!
  return name ?? dag.values[writes[0] ?? -1]?.name ?? `task ${t}`
}
