import type { Dag, DagTaskId, DagValueId, Plan, RunStep } from '../dag/dag.ts'
import { PlanError } from '../errors.ts'

/** One stay of a value in memory. Moments are counted in runs: a value that a run computes is there `from` that run on. */
export interface Lifetime {
  readonly value: DagValueId
  /** That computed it; −1 for pinned values and inputs. */
  readonly task: DagTaskId
  /** How often the value was computed before. */
  readonly again: number
  /** Index of the run that computes it; −1 for what is there at the start. */
  readonly from: number
  /** Index of the last run during which it is there; the number of runs where it is there at the end. */
  readonly to: number
  /** 0 for what lies in the buffer of a pinned value. */
  readonly bytes: number
  /** Bytes from the start of the arena, in a plan with offsets. */
  readonly offset: number | undefined
  /** Index of the lifetime whose place it takes. */
  readonly over: number | undefined
  /** The pinned value in whose buffer it lies from the start. */
  readonly buffer: DagValueId | undefined
  readonly end: 'freed' | 'replaced' | 'committed' | 'kept'
  /** Indices of the runs that read it; of what is copied into a buffer, also of those that read it there. */
  readonly reads: readonly number[]
}

/** What a plan runs, and what lives when. */
export interface Lifetimes {
  /** In the order in which they start. */
  readonly list: readonly Lifetime[]
  /** The steps that run a task, with how often it ran before. */
  readonly runs: readonly { readonly step: RunStep; readonly index: number; readonly again: number }[]
}

type Open = { -readonly [K in keyof Omit<Lifetime, 'reads'>]: Lifetime[K] } & { reads: number[] }

/** Follows the steps of a valid plan. Throws PlanError where a step makes no sense; `verify` checks the rest. */
export function lifetimesOf(dag: Dag, plan: Plan): Lifetimes {
  const list: Open[] = []
  const live = new Map<DagValueId, number>()
  const computed = new Map<DagValueId, number>()
  const ran = new Map<DagTaskId, number>()
  const runs: { step: RunStep; index: number; again: number }[] = []
  const places = new Map(plan.pinned)
  const open = (value: DagValueId, more: Pick<Open, 'task' | 'offset' | 'over' | 'buffer'>): void => {
    const again = computed.get(value) ?? 0
    if (more.task >= 0) computed.set(value, again + 1)
    const bytes = more.buffer === undefined ? dag.values[value]!.bytes : 0
    const from = more.task < 0 ? -1 : runs.length
    live.set(value, list.push({ value, again, from, to: -1, bytes, end: 'kept', reads: [], ...more }) - 1)
  }
  const close = (value: DagValueId, end: Lifetime['end'], to: number): number => {
    const index = live.get(value)
    if (index === undefined) throw new PlanError(-1, `value ${value} ends and is not there`)
    Object.assign(list[index]!, { end, to })
    // What is copied into a buffer is read there from then on.
    if (end !== 'committed') live.delete(value)
    return index
  }
  for (const [v, value] of dag.values.entries())
    if (value.pinned === true || value.input === true)
      open(v, { task: -1, offset: places.get(v), over: undefined, buffer: undefined })
  const successor = new Map((dag.next ?? []).map(n => [n.pinned, n.value]))
  for (const [index, step] of plan.steps.entries()) {
    if ('free' in step) close(step.free, 'freed', runs.length - 1)
    else if ('commit' in step) close(successor.get(step.commit) ?? -1, 'committed', runs.length - 1)
    else {
      const task = step.run
      const replaces = new Map(step.replaces ?? [])
      const at = new Map(step.at ?? [])
      const ended = new Map<DagValueId, number>()
      for (const v of new Set(dag.tasks[task]?.reads)) {
        const read = live.get(v)
        if (read !== undefined) list[read]!.reads.push(runs.length)
      }
      for (const [w, place] of replaces)
        if (dag.values[place]?.pinned !== true) ended.set(w, close(place, 'replaced', runs.length))
      for (const w of dag.tasks[task]?.writes ?? []) {
        if (live.has(w)) continue
        const over = ended.get(w)
        const offset = over === undefined ? at.get(w) : list[over]!.offset
        const buffer = replaces.has(w) && over === undefined ? replaces.get(w) : undefined
        open(w, { task, over, buffer, offset: buffer === undefined ? offset : places.get(buffer) })
      }
      runs.push({ step, index, again: ran.get(task) ?? 0 })
      ran.set(task, (ran.get(task) ?? 0) + 1)
    }
  }
  for (const index of live.values()) if (list[index]!.end === 'kept') list[index]!.to = runs.length
  return { list, runs }
}
