import type { Dag, Plan } from '../dag/dag.ts'
import { PlanError } from '../errors.ts'

/** The tasks that a plan's picked options leave on, as a flag a task. Throws PlanError. */
export function tasksOn(dag: Dag, plan: Plan): Uint8Array {
  const choices = dag.choices ?? []
  if (plan.choice.length !== choices.length)
    throw new PlanError(-1, 'the plan picks another number of options than there are choices', {
      expected: String(choices.length),
      got: String(plan.choice.length),
    })
  const on = new Uint8Array(dag.tasks.length).fill(1)
  for (const [i, { name, options }] of choices.entries()) {
    const option = options[plan.choice[i]!]
    if (option === undefined)
      throw new PlanError(-1, `choice '${name}' has no such option`, {
        expected: `0 to ${options.length - 1}`,
        got: String(plan.choice[i]),
      })
    for (const t of option.off) on[t] = 0
  }
  const producer = new Int32Array(dag.values.length).fill(-1)
  for (const [t, task] of dag.tasks.entries()) {
    if (on[t] === 0) continue
    for (const v of task.writes) {
      if (producer[v]! >= 0)
        throw new PlanError(-1, `the picked options leave value ${v} two producers`, {
          got: `tasks ${producer[v]} and ${t}`,
        })
      producer[v] = t
    }
  }
  return on
}

/** Cost of every task that outputs and successors need, once, under the picked options. */
export function baseCostOf(dag: Dag, on: Uint8Array): number {
  const needed = new Uint8Array(dag.values.length)
  for (const v of dag.outputs) needed[v] = 1
  for (const { value } of dag.next ?? []) needed[value] = 1
  let cost = 0
  for (let t = dag.tasks.length - 1; t >= 0; t--) {
    const task = dag.tasks[t]!
    if (on[t] === 0 || !task.writes.some(v => needed[v] === 1)) continue
    cost += task.cost
    for (const v of task.reads) needed[v] = 1
  }
  return cost
}
