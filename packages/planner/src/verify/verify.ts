import type { Dag, Fixed, Plan } from '../dag/dag.ts'
import { PlanError } from '../errors.ts'
import { baseCostOf, tasksOn } from './options.ts'
import { Replay, type Replayed } from './replay.ts'

export interface VerifyOptions {
  /** Bytes that the arena may have. */
  readonly budget?: number
  /** Places that pinned values must have. */
  readonly fixed?: Fixed
}

/**
 * Replays a plan by the rules of the memory model and checks what it says of itself. Returns its peak and arena in
 * bytes, its cost, and how many runs were repeated. Throws PlanError.
 */
export function verify(dag: Dag, plan: Plan, options: VerifyOptions = {}): Replayed {
  const found = new Replay(dag, plan).run(plan)
  const same = (name: string, said: number, is: number): void => {
    if (said !== is)
      throw new PlanError(-1, `the plan misstates its ${name}`, { expected: String(is), got: String(said) })
  }
  same('peak in bytes', plan.peakBytes, found.peakBytes)
  same('cost', plan.cost, found.cost)
  same('base cost', plan.baseCost, baseCostOf(dag, tasksOn(dag, plan)))
  if (!(plan.arenaBytes >= found.arenaBytes))
    throw new PlanError(-1, 'the plan misstates its arena', {
      expected: String(found.arenaBytes),
      got: String(plan.arenaBytes),
    })
  if (plan.lowerBound > plan.cost)
    throw new PlanError(-1, 'the lower bound is above the cost', {
      expected: `at most ${plan.cost}`,
      got: String(plan.lowerBound),
    })
  if (options.budget !== undefined && plan.arenaBytes > options.budget)
    throw new PlanError(-1, 'the plan exceeds the budget', {
      expected: `at most ${options.budget} bytes`,
      got: `${plan.arenaBytes} bytes`,
    })
  const places = new Map(plan.pinned)
  for (const [v, offset] of options.fixed ?? [])
    if (places.get(v) !== offset)
      throw new PlanError(-1, `value ${v} is not at its fixed place`, {
        expected: String(offset),
        got: String(places.get(v)),
      })
  return found
}

export interface Profile {
  /** Index of the step at which most bytes live; −1 if nothing runs. */
  readonly peakStep: number
  /** Values alive then, pinned ones included. */
  readonly peakValues: readonly number[]
  /** Bytes alive during each step that runs a task, as [step, bytes]. */
  readonly liveBytes: readonly (readonly [step: number, bytes: number])[]
}

/** Bytes alive over a plan, and what fills its peak. Throws PlanError where the plan breaks a rule. */
export function profile(dag: Dag, plan: Plan): Profile {
  let [peakStep, peak] = [-1, -1]
  const liveBytes: [number, number][] = []
  new Replay(dag, plan).run(plan, {
    onRun(step, bytes) {
      liveBytes.push([step, bytes])
      if (bytes > peak) [peakStep, peak] = [step, bytes]
    },
  })
  let peakValues: number[] = []
  new Replay(dag, plan).run(plan, {
    onRun(step, _, live) {
      // What lives in a pinned buffer adds no bytes to it.
      if (step === peakStep) peakValues = [...live].flatMap(([v, at]) => (at.buffer === undefined ? [v] : []))
    },
  })
  return { peakStep, peakValues, liveBytes }
}
