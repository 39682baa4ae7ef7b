import { type Site, showSite, showType } from '@stint/graph'
import type { Plan } from '@stint/planner'
import type { Kernel } from './kernel/kernel.ts'
import { isKernelStep, type Program, type ProgramStep, type Slot } from './program/program.ts'
import type { Planned } from './session/planned.ts'
import type { Task } from './tasks/tasks.ts'

/** The stages of a compilation as short, stable text: what `stint inspect` prints and tests compare. */

/** Each kernel once: operands, body, results. */
export function showKernels(kernels: readonly Kernel[]): string {
  return kernels.map((k, i) => `kernel ${i} ${showKernel(k)}`).join('\n')
}

export function showKernel(kernel: Kernel): string {
  let next = kernel.operands.length
  const lines = kernel.body.map(node => {
    const ids = node.types.map(t => `%${next++}: ${showType(t)}`).join(', ')
    const attrs = Object.keys(node.attrs).length === 0 ? '' : ` ${JSON.stringify(node.attrs)}`
    return `  ${ids} = ${[node.op, ...node.inputs.map(i => `%${i}`)].join(' ')}${attrs}`
  })
  const operands = kernel.operands.map((t, i) => `%${i}: ${showType(t)}`).join(', ')
  return [`(${operands})`, ...lines, `  return ${kernel.results.map(r => `%${r.local}`).join(', ')}`].join(
    '\n',
  )
}

/** Each task: kernel, reads, writes, cost, workspace, in-place pairs, layer. */
export function showTasks({ tasks, infos }: Pick<Planned, 'tasks' | 'infos'>): string {
  return tasks.tasks
    .map((task, i) => {
      const index = (task.run as { kernel: number }).kernel
      const { cost, workspaceBytes, inPlace } = infos[index]!.variants[0]!
      const parts = [
        `task ${i}: kernel ${index}`,
        `reads ${list(task)}`,
        `writes ${task.writes.map(v => `%${v}: ${showType(tasks.values[v]!)}`).join(', ')}`,
        `${cost} ns`,
        ...(workspaceBytes > 0 ? [`workspace ${workspaceBytes}`] : []),
        ...(inPlace.length > 0 ? [`in place ${inPlace.map(([o, r]) => `${o}>${r}`).join(' ')}`] : []),
      ]
      return `${parts.join('; ')}${comment(task)}`
    })
    .join('\n')
}

/** Each step with its offsets; a task that ran before is marked. */
export function showPlan({ plan, dag, tasks }: Pick<Planned, 'plan' | 'dag' | 'tasks'>): string {
  const seen = new Set<number>()
  const name = (id: number): string =>
    dag.graphValueOf[id]! < 0 ? dag.dag.values[id]!.name! : `%${dag.graphValueOf[id]}`
  const steps = plan.steps.map(step => {
    if ('free' in step) return `free ${name(step.free)}`
    if ('commit' in step) return `commit ${name(step.commit)}`
    const again = seen.has(step.run) ? ' again' : ''
    seen.add(step.run)
    const at = (step.at ?? []).map(([v, offset]) => `${name(v)} at ${offset}`)
    const over = (step.replaces ?? []).map(([v, place]) => `${name(v)} over ${name(place)}`)
    const work = step.workspaceAt === undefined ? [] : [`workspace at ${step.workspaceAt}`]
    return `run ${step.run}${again}: ${[...at, ...over, ...work].join(', ')}${comment(tasks.tasks[step.run]!)}`
  })
  return [showTotals(plan), ...steps].join('\n')
}

function showTotals(plan: Plan): string {
  const overhead = plan.baseCost > 0 ? (100 * (plan.cost - plan.baseCost)) / plan.baseCost : 0
  return `plan: arena ${plan.arenaBytes}, peak ${plan.peakBytes}, cost ${plan.cost} of ${plan.baseCost} (+${overhead.toFixed(1)} %)`
}

/** What a backend loads: slots, then steps with addresses. */
export function showProgram(program: Program): string {
  const slots = (kind: string, all: readonly Slot[]) =>
    all.map(s => `  ${kind} ${s.name}: ${showType(s.type)} at ${s.offset}`)
  const step = (s: ProgramStep, indent: string): string => {
    if (isKernelStep(s)) {
      const work = s.workspace === undefined ? '' : ` workspace ${s.workspace.map(showAddress).join('+')}`
      return `${indent}kernel ${s.kernel} ${s.args.map(showAddress).join(' ')}${work}`
    }
    if ('free' in s) return `${indent}free ${s.free.map(showAddress).join('+')}`
    if ('repeat' in s)
      return [`${indent}repeat ${s.repeat}`, ...s.steps.map(inner => step(inner, `${indent}  `))].join('\n')
    const branch = (name: string, steps: readonly ProgramStep[]) => [
      `${indent}${name}`,
      ...steps.map(inner => step(inner, `${indent}  `)),
    ]
    return [...branch(`if ${showAddress(s.if)}`, s.then), ...branch('else', s.else)].join('\n')
  }
  return [
    `program ${program.name} on ${program.target.backend}: arena ${program.arenaBytes}`,
    ...slots('state', program.state),
    ...slots('constant', program.constants),
    ...slots('input', program.inputs),
    ...slots('output', program.outputs),
    ...program.steps.map(s => step(s, '  ')),
  ].join('\n')
}

function showAddress(at: number | { readonly base: number; readonly strides: readonly number[] }): string {
  return typeof at === 'number' ? String(at) : `${at.base}+${at.strides.join(',')}`
}

/** `%3 %7+4096`: values, and how many bytes from their start. */
function list({ reads, offsets }: Task): string {
  const one = (v: number, i: number): string => `%${v}${offsets?.[i] ? `+${offsets[i]}` : ''}`
  return reads.length === 0 ? 'nothing' : reads.map(one).join(' ')
}

function comment(task: Task): string {
  const site: Site | undefined = task.sites.find(s => s.path !== '') ?? task.sites[0]
  const where = site === undefined ? '' : showSite(site)
  return where === '' ? '' : `  ; ${where}`
}
