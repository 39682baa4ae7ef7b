import { DagError, PlanError } from '../errors.ts'
import type { Dag, DagCheckpoint, DagChoice, DagNext, DagTask, DagValue, Plan, Step } from './dag.ts'
import { modelOf } from './model.ts'

/** One value a task: the shorthand that many task graphs come in. */
export interface Shorthand {
  readonly nodes: readonly {
    readonly id: number
    readonly cost: number
    readonly bytes: number
    readonly inputs: readonly number[]
    readonly name?: string
    readonly site?: string
  }[]
  readonly outputs: readonly number[]
  readonly pinned?: readonly number[]
}

export type ShorthandStep = { readonly compute: number } | { readonly free: number }

export interface ParsedDag {
  readonly dag: Dag
  /** Whether the file was in the shorthand: then value ids are node ids. */
  readonly shorthand: boolean
  readonly name: string | undefined
}

/** A DAG from parsed JSON, in the full form or the shorthand. Throws DagError. */
export function parseDag(json: unknown): ParsedDag {
  const file = record(json, 'the file')
  const name = typeof file.name === 'string' ? file.name : undefined
  const shorthand = 'nodes' in file
  const dag = shorthand ? fromShorthand(file) : fromFull(file)
  modelOf(dag)
  return { dag, shorthand, name }
}

function fromShorthand(file: Fields): Dag {
  const nodes = list(file.nodes, 'nodes').map((n, i) => record(n, `node ${i}`))
  const pinned = new Set(list(file.pinned ?? [], 'pinned').map(v => whole(v, 'pinned')))
  for (const [i, n] of nodes.entries())
    if (n.id !== i)
      throw new DagError(`the node at index ${i} has another id`, { expected: String(i), got: String(n.id) })
  for (const v of pinned)
    if (v >= nodes.length) throw new DagError('pinned names an unknown node', { got: String(v) })
  const values = nodes.map(
    (n, i): DagValue => ({
      bytes: whole(n.bytes, `bytes of node ${i}`),
      ...(typeof n.name === 'string' && { name: n.name }),
      ...(pinned.has(i) && { pinned: true }),
    }),
  )
  const tasks: DagTask[] = []
  for (const [i, n] of nodes.entries()) {
    const reads = list(n.inputs, `inputs of node ${i}`).map(v => whole(v, `inputs of node ${i}`))
    for (const v of reads)
      if (v >= i)
        throw new DagError(`node ${i} reads node ${v}: the nodes are not in topological order`, {
          hint:
            v >= nodes.length
              ? 'There is no such node.'
              : 'Every input must come before its reader; a cycle has no such order.',
        })
    if (pinned.has(i)) continue
    tasks.push({
      cost: whole(n.cost, `cost of node ${i}`),
      reads,
      writes: [i],
      ...(typeof n.name === 'string' && { name: n.name }),
      ...(typeof n.site === 'string' && { site: n.site }),
    })
  }
  return { values, tasks, outputs: list(file.outputs, 'outputs').map(v => whole(v, 'outputs')) }
}

function fromFull(file: Fields): Dag {
  const values = list(file.values, 'values').map((v, i): DagValue => {
    const value = record(v, `value ${i}`)
    return {
      bytes: whole(value.bytes, `bytes of value ${i}`),
      ...(value.name !== undefined && { name: text(value.name, `name of value ${i}`) }),
      ...(value.pinned !== undefined && { pinned: flag(value.pinned, `pinned of value ${i}`) }),
      ...(value.input !== undefined && { input: flag(value.input, `input of value ${i}`) }),
    }
  })
  const tasks = list(file.tasks, 'tasks').map((t, i): DagTask => {
    const task = record(t, `task ${i}`)
    return {
      cost: whole(task.cost, `cost of task ${i}`),
      reads: wholes(task.reads, `reads of task ${i}`),
      writes: wholes(task.writes, `writes of task ${i}`),
      ...(task.name !== undefined && { name: text(task.name, `name of task ${i}`) }),
      ...(task.site !== undefined && { site: text(task.site, `site of task ${i}`) }),
      ...(task.workspace !== undefined && { workspace: whole(task.workspace, `workspace of task ${i}`) }),
      ...(task.inPlace !== undefined && { inPlace: pairs(task.inPlace, `inPlace of task ${i}`) }),
      ...(task.once !== undefined && { once: flag(task.once, `once of task ${i}`) }),
    }
  })
  const next = list(file.next ?? [], 'next').map((n, i): DagNext => {
    const entry = record(n, `next ${i}`)
    return {
      pinned: whole(entry.pinned, `pinned of next ${i}`),
      value: whole(entry.value, `value of next ${i}`),
      copyCost: whole(entry.copyCost, `copyCost of next ${i}`),
    }
  })
  const choices = list(file.choices ?? [], 'choices').map((c, i): DagChoice => {
    const choice = record(c, `choice ${i}`)
    const options = list(choice.options, `options of choice ${i}`).map((o, j) => ({
      off: wholes(record(o, `option ${j} of choice ${i}`).off, `off of option ${j} of choice ${i}`),
    }))
    return { name: text(choice.name, `name of choice ${i}`), options }
  })
  const checkpoints = list(file.checkpoints ?? [], 'checkpoints').map((c, i): DagCheckpoint => {
    const { tasks, keeps } = record(c, `checkpoint ${i}`)
    return {
      tasks: wholes(tasks, `tasks of checkpoint ${i}`),
      keeps: wholes(keeps, `keeps of checkpoint ${i}`),
    }
  })
  return {
    values,
    tasks,
    outputs: wholes(file.outputs, 'outputs'),
    ...(next.length > 0 && { next }),
    ...(choices.length > 0 && { choices }),
    ...(checkpoints.length > 0 && { checkpoints }),
    ...(file.align !== undefined && { align: whole(file.align, 'align') }),
  }
}

/** A plan from parsed JSON. Only its form is checked here: `verify` checks what it does. Throws PlanError. */
export function parsePlan(json: unknown): Plan {
  try {
    const file = record(json, 'the plan')
    return {
      pinned: pairs(file.pinned, 'pinned'),
      steps: list(file.steps, 'steps').map((s, i) => parseStep(record(s, `step ${i}`), i)),
      choice: wholes(file.choice, 'choice'),
      peakBytes: whole(file.peakBytes, 'peakBytes'),
      arenaBytes: whole(file.arenaBytes, 'arenaBytes'),
      cost: whole(file.cost, 'cost'),
      baseCost: whole(file.baseCost, 'baseCost'),
      lowerBound: whole(file.lowerBound, 'lowerBound'),
    }
  } catch (error) {
    if (error instanceof DagError) throw new PlanError(-1, error.message)
    throw error
  }
}

function parseStep(step: Fields, i: number): Step {
  if ('free' in step) return { free: whole(step.free, `step ${i}`) }
  if ('commit' in step) return { commit: whole(step.commit, `step ${i}`) }
  if (!('run' in step)) throw new DagError(`step ${i} neither runs, frees nor commits`)
  return {
    run: whole(step.run, `step ${i}`),
    ...(step.at !== undefined && { at: pairs(step.at, `at of step ${i}`) }),
    ...(step.workspaceAt !== undefined && {
      workspaceAt: whole(step.workspaceAt, `workspaceAt of step ${i}`),
    }),
    ...(step.replaces !== undefined && { replaces: pairs(step.replaces, `replaces of step ${i}`) }),
  }
}

/** The steps of a plan for a DAG that came in the shorthand: `{compute}` and `{free}`, by node id. */
export function toShorthand(dag: Dag, plan: Plan): { steps: ShorthandStep[] } {
  return {
    steps: plan.steps.map(step => {
      if ('run' in step) return { compute: dag.tasks[step.run]!.writes[0]! }
      if ('free' in step) return { free: step.free }
      throw new PlanError(-1, 'the shorthand has no commits')
    }),
  }
}

type Fields = { readonly [key: string]: unknown }

function record(x: unknown, what: string): Fields {
  if (typeof x !== 'object' || x === null || Array.isArray(x)) throw new DagError(`${what} is not an object`)
  return x as Fields
}

function list(x: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(x))
    throw new DagError(`${what} is not a list`, { got: x === undefined ? 'nothing' : typeof x })
  return x
}

function whole(x: unknown, what: string): number {
  if (typeof x !== 'number' || !Number.isSafeInteger(x) || x < 0)
    throw new DagError(`${what} is bad`, { expected: 'a whole number, at least 0', got: String(x) })
  return x
}

function wholes(x: unknown, what: string): number[] {
  return list(x, what).map(v => whole(v, what))
}

function pairs(x: unknown, what: string): [number, number][] {
  return list(x, what).map(p => {
    const [a, b, ...rest] = wholes(p, what)
    if (a === undefined || b === undefined || rest.length > 0)
      throw new DagError(`${what} is not a list of pairs`)
    return [a, b]
  })
}

function flag(x: unknown, what: string): boolean {
  if (typeof x !== 'boolean') throw new DagError(`${what} is not true or false`, { got: String(x) })
  return x
}

function text(x: unknown, what: string): string {
  if (typeof x !== 'string') throw new DagError(`${what} is not a text`, { got: String(x) })
  return x
}
