import type { DagTaskId } from '../../dag/dag.ts'
import type { Model } from '../../dag/model.ts'
import type { Chain, ChainStep } from './steps.ts'

/**
 * The model as a plain training chain, or undefined if it is none: L steps forward, each of which reads the result of the
 * one before; a loss, which reads the last; L steps backward, each of which reads the gradient and, of its step, what was
 * read or what came of it, or both. One result a task, nothing in place, and the last gradient is the output.
 */
export function chainOf(model: Model): Chain | undefined {
  const tasks = model.needed
  const length = (tasks.length - 1) / 2
  if (!Number.isInteger(length) || length < 1 || (model.dag.next ?? []).length > 0) return undefined
  if (tasks.some(t => model.writes[t]!.length !== 1 || model.inPlace[t]!.length > 0 || model.once[t] === 1))
    return undefined
  const result = (i: number): number => model.writes[tasks[i]!]![0]!
  // Inputs live throughout here, as pinned values do.
  const reads = (i: number): number[] => [...model.reads[tasks[i]!]!].filter(v => model.producer[v]! >= 0)
  if (reads(0).length > 0) return undefined
  for (let i = 1; i <= length; i++)
    if (reads(i).length !== 1 || reads(i)[0] !== result(i - 1)) return undefined
  const steps: ChainStep[] = []
  for (let i = 0; i < length; i++) {
    const back = 2 * length - i
    const [gradient, state, before] = [result(back - 1), result(i), i > 0 ? result(i - 1) : -1]
    const read = reads(back)
    if (!read.includes(gradient) || read.some(v => v !== gradient && v !== state && v !== before))
      return undefined
    steps.push(stepOf(model, tasks[i]!, i === length - 1 ? [tasks[length]!] : [], tasks[back]!, gradient))
  }
  if (model.dag.outputs.some(v => model.pinned[v] === 0 && v !== result(2 * length))) return undefined
  return { steps, resident: model.startSize }
}

/** A step whose backward task reads `gradient`, which the loss, if it is the last step, makes of its state. */
function stepOf(
  model: Model,
  task: DagTaskId,
  loss: readonly DagTaskId[],
  back: DagTaskId,
  gradient: number,
): ChainStep {
  const { size, workspace, reads, writes } = model
  const [value, cost] = [writes[task]![0]!, model.cost[task]!]
  const state = size[value]!
  const forwardPeak = state + workspace[task]!
  const lossPeak = loss.reduce((n, t) => n + state + size[gradient]! + workspace[t]!, 0)
  const backwardPeak = size[gradient]! + size[writes[back]![0]!]! + workspace[back]!
  const handed = loss.length > 0 ? 0 : size[gradient]!
  const runs = [...loss, back]
  const readsState = reads[back]!.includes(value)
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
    direct:
      readsState || loss.length > 0
        ? { runs: [task, ...runs], cost, peak: Math.max(forwardPeak + handed, peak) }
        : { runs, cost: 0, peak: backwardPeak },
    selfSufficient: [...reads[back]!].every(v => v === value || v === gradient || model.producer[v]! < 0),
  }
}
