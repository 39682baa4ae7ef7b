import { bytesOf, type ValueId } from '@stint/graph'
import type { Plan } from '@stint/planner'
import type { KernelInfo, Target } from '../backend.ts'
import type { Pinned, ProgramDag } from '../tasks/dag.ts'
import { usedInputs } from '../tasks/dag.ts'
import { copyKernel, type Task, type TaskGraph } from '../tasks/tasks.ts'
import type { KernelStep, Program, ProgramStep, Slot } from './program.ts'

export interface Emitted {
  readonly program: Program
  /** Index of the first step that overwrites state; the number of steps if none does. */
  readonly firstOverwrite: number
}

interface Source {
  readonly tasks: TaskGraph
  readonly infos: readonly KernelInfo[]
  readonly target: Target
  readonly dag: ProgramDag
  readonly pinned: readonly Pinned[]
}

/** Writes a plan down as a program: each step with the places that its operands and results have at that moment. */
export function emit(source: Source, plan: Plan): Emitted {
  const { tasks, infos, target, dag } = source
  const { kernels } = tasks
  const place = new Map<number, number>(plan.pinned.map(([value, offset]) => [value, offset]))
  const start = new Map(place)
  const steps: ProgramStep[] = []
  let firstOverwrite = Number.POSITIVE_INFINITY
  const size = (value: number): number => dag.dag.values[value]!.bytes
  const overwrite = (): void => {
    firstOverwrite = Math.min(firstOverwrite, steps.length)
  }
  for (const step of plan.steps) {
    if ('free' in step) {
      steps.push({ free: [place.get(step.free)!, size(step.free)] })
      place.delete(step.free)
    } else if ('commit' in step) {
      const entry = dag.dag.next!.find(n => n.pinned === step.commit)!
      overwrite()
      steps.push(commitStep(source, entry, place))
      place.set(entry.value, place.get(entry.pinned)!)
    } else {
      const task = tasks.tasks[step.run]!
      const args = operandsAt(task, dag, place)
      for (const [written, over] of step.replaces ?? []) {
        if (dag.dag.values[over]!.pinned === true) overwrite()
        place.set(written, place.get(over)!)
        if (dag.dag.values[over]!.pinned !== true) place.delete(over)
      }
      for (const [written, offset] of step.at ?? []) place.set(written, offset)
      args.push(...task.writes.map(v => place.get(dag.dagValueOf.get(v)!)!))
      steps.push(
        kernelStep((task.run as { kernel: number }).kernel, args, task.writes, infos, step.workspaceAt),
      )
    }
  }
  return {
    firstOverwrite: Math.min(firstOverwrite, steps.length),
    program: { ...slots(source, start, place), target, kernels, steps, arenaBytes: plan.arenaBytes },
  }
}

/** Where each operand of a task begins. */
function operandsAt(task: Task, dag: ProgramDag, place: ReadonlyMap<number, number>): number[] {
  return task.reads.map((v, i) => place.get(dag.dagValueOf.get(v)!)! + (task.offsets?.[i] ?? 0))
}

function kernelStep(
  kernel: number,
  args: readonly number[],
  writes: readonly ValueId[],
  infos: readonly KernelInfo[],
  workspaceAt: number | undefined,
): KernelStep {
  const bytes = infos[kernel]!.variants[0]!.workspaceBytes
  return { kernel, variant: 0, args, writes, ...(bytes > 0 && { workspace: [workspaceAt!, bytes] as const }) }
}

/** Copies the successor of a state into its buffer. */
function commitStep(
  { dag, tasks }: Source,
  entry: { readonly pinned: number; readonly value: number },
  place: ReadonlyMap<number, number>,
): KernelStep {
  const type = tasks.values[dag.graphValueOf[entry.value]!]!
  const { signature } = copyKernel(type)
  const kernel = tasks.kernels.findIndex(k => k.signature === signature)
  return { kernel, variant: 0, args: [place.get(entry.value)!, place.get(entry.pinned)!] }
}

/** Where state, constants and inputs are at the start, and outputs at the end. */
function slots(
  { tasks, dag, pinned }: Source,
  start: ReadonlyMap<number, number>,
  end: ReadonlyMap<number, number>,
): Pick<Program, 'name' | 'state' | 'constants' | 'inputs' | 'outputs'> {
  const { graph, values, outputs } = tasks
  const slot = (name: string, value: ValueId, at: ReadonlyMap<number, number>): Slot => {
    const id = dag.dagValueOf.get(value)!
    return { name, type: values[value]!, offset: pinned[id]?.offset ?? at.get(id)! }
  }
  return {
    name: graph.name,
    state: graph.state.map(s => slot(s.path, s.value, start)),
    constants: graph.constants.map((c, i) => ({ ...slot(`constant${i}`, c.value, start), bytes: c.bytes })),
    inputs: usedInputs(tasks).map(i => slot(i.name, i.value, start)),
    outputs: outputs.map(o => slot(o.name, o.value, end)),
  }
}

/** Every value at a place of its own, nothing overwritten or freed: the program that the audit compares with. */
export function emitUnplanned(source: Source): Program {
  const { tasks, infos, target, dag } = source
  const align = (n: number): number => Math.ceil(n / target.align) * target.align
  const place = new Map<number, number>()
  let top = 0
  for (const [id, value] of dag.dag.values.entries()) {
    place.set(id, top)
    top = align(top + value.bytes)
  }
  const steps = tasks.tasks.map((task): KernelStep => {
    const args = [
      ...operandsAt(task, dag, place),
      ...task.writes.map(v => place.get(dag.dagValueOf.get(v)!)!),
    ]
    return kernelStep((task.run as { kernel: number }).kernel, args, task.writes, infos, top)
  })
  const workspace = Math.max(0, ...infos.map(i => i.variants[0]!.workspaceBytes))
  const { graph, values } = tasks
  const slot = (name: string, v: ValueId): Slot => ({
    name,
    type: values[v]!,
    offset: place.get(dag.dagValueOf.get(v)!)!,
  })
  return {
    name: `${graph.name}.unplanned`,
    target,
    kernels: tasks.kernels,
    steps,
    arenaBytes: top + workspace,
    state: graph.state.map(s => slot(s.path, s.value)),
    constants: graph.constants.map((c, i) => ({ ...slot(`constant${i}`, c.value), bytes: c.bytes })),
    inputs: usedInputs(tasks).map(i => slot(i.name, i.value)),
    outputs: tasks.tasks.flatMap(t => t.writes).map(v => slot(`%${v}`, v)),
  }
}

/** Bytes of a slot. */
export function slotBytes(slot: Slot): number {
  return bytesOf(slot.type)
}
