import type { DagTaskId } from '../../dag/dag.ts'
import type { Model } from '../../dag/model.ts'
import type { Chain, ChainStep } from './steps.ts'

/**
 * The model as a plain training chain, or undefined if it is none: L steps forward, each of which reads the result of the
 * one before; a loss, which reads the last; L steps backward, each of which reads the gradient and, of its step, what was
 * read or what came of it, or both. Or, instead, what came of its step and what the next one made of that, the loss being
 * the last that is made: then a step forward goes with the step backward before it. One result a task, nothing in place, and
 * the last gradient is the output.
 */
export function chainOf(model: Model): Chain | undefined {
  const tasks = model.needed
  const length = (tasks.length - 1) / 2
  if (!Number.isInteger(length) || length < 1 || (model.dag.next ?? []).length > 0) return undefined
  if (tasks.some(t => model.writes[t]!.length !== 1 || model.inPlace[t]!.length > 0 || model.once[t] === 1))
    return undefined
  const result = (i: number): number => model.writes[tasks[i]!]![0]!
  if (model.dag.outputs.some(v => model.pinned[v] === 0 && v !== result(2 * length))) return undefined
  // Inputs live throughout here, as pinned values do.
  const reads = tasks.map(t => [...model.reads[t]!].filter(v => model.producer[v]! >= 0))
  if (reads[0]!.length > 0) return undefined
  for (let i = 1; i <= length; i++)
    if (reads[i]!.length !== 1 || reads[i]![0] !== result(i - 1)) return undefined
  const steps = stepsOf(model, reads, 0) ?? stepsOf(model, reads, 1)
  return steps && { steps, resident: model.startSize }
}

/** Its steps, where the backward task of a step is so many earlier than its mirror image. */
function stepsOf(model: Model, reads: readonly (readonly number[])[], shift: 0 | 1): ChainStep[] | undefined {
  const tasks = model.needed
  const length = (tasks.length - 1) / 2
  const result = (i: number): number => model.writes[tasks[i]!]![0]!
  const steps: ChainStep[] = []
  for (let i = 0; i < length + shift; i++) {
    const back = 2 * length - i + shift
    const gradient = result(back - 1)
    if (back > 2 * length) {
      steps.push(stepOf(model, tasks[i]!, [], undefined, gradient))
      continue
    }
    const [state, before] = [result(i), i > 0 ? result(i - 1) : -1]
    const read = reads[back]!
    if (!read.includes(gradient) || read.some(v => v !== gradient && v !== state && v !== before))
      return undefined
    const loss = shift === 0 && i === length - 1 ? [tasks[length]!] : []
    steps.push(stepOf(model, tasks[i]!, loss, tasks[back]!, gradient))
  }
  return steps
}

/**
 * A step whose backward task, if it has any, reads `gradient`, which the loss, if it is the last step, makes of its state, or
 * which is its state.
 */
function stepOf(
  model: Model,
  task: DagTaskId,
  loss: readonly DagTaskId[],
  back: DagTaskId | undefined,
  gradient: number,
): ChainStep {
  const { size, workspace, reads, writes } = model
  const [value, cost] = [writes[task]![0]!, model.cost[task]!]
  const state = size[value]!
  const forwardPeak = state + workspace[task]!
  const lossPeak = loss.reduce((n, t) => n + state + size[gradient]! + workspace[t]!, 0)
  const backwardPeak =
    size[gradient]! + (back === undefined ? 0 : size[writes[back]![0]!]! + workspace[back]!)
  const handed = loss.length > 0 || gradient === value ? 0 : size[gradient]!
  const runs = back === undefined ? loss : [...loss, back]
  const readsState = back !== undefined && gradient !== value && reads[back]!.includes(value)
  const first = readsState || loss.length > 0 || gradient === value
  const peak = Math.max(lossPeak, backwardPeak + (readsState ? state : 0))
  return {
    forward: [task],
    cost,
    state,
    forwardPeak,
    gradient: handed,
    left: 0,
    options: [
      { kept: 0, forward: [task], forwardCost: cost, forwardPeak, runs, redoCost: 0, backwardPeak: peak },
    ],
    direct: first
      ? { runs: [task, ...runs], cost, peak: Math.max(forwardPeak + handed, peak) }
      : { runs, cost: 0, peak: backwardPeak },
    selfSufficient:
      back === undefined ||
      [...reads[back]!].every(v => v === value || v === gradient || model.producer[v]! < 0),
  }
}
