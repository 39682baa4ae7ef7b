import type { Plan } from '../dag/dag.ts'

/** The runs of a plan, in order. */
export function runsOf(plan: Plan): Int32Array {
  return Int32Array.from(plan.steps.flatMap(step => ('run' in step ? [step.run] : [])))
}
