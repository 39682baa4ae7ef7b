import type { Dag, Plan } from '../dag/dag.ts'
import { DagError, InfeasibleBudgetError, PlanError, PlannerError } from '../errors.ts'
import type { PlanOptions } from '../plan/plan.ts'

/** What the thread is told, once. */
export interface Task {
  readonly dag: Dag
  readonly options: PlanOptions
}

/** A plan that is better than those before: what it costs, without its steps. */
export interface Found {
  readonly cost: number
  readonly baseCost: number
  /** Bytes. */
  readonly peakBytes: number
  readonly arenaBytes: number
}

/** What the thread says: of each better plan the figures, then the best, or why there is none. */
export type Said =
  | { readonly kind: 'found'; readonly found: Found }
  | { readonly kind: 'best'; readonly plan: Plan }
  | { readonly kind: 'failed'; readonly error: PlainError }

/** An error as it gets through to another thread. */
export interface PlainError {
  readonly name: string
  readonly message: string
  readonly fields: { readonly [name: string]: unknown }
}

export function figuresOf({ cost, baseCost, peakBytes, arenaBytes }: Plan): Found {
  return { cost, baseCost, peakBytes, arenaBytes }
}

export function toPlain(error: unknown): PlainError {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error), fields: {} }
  return { name: error.name, message: error.message, fields: { ...error } }
}

const classes = { DagError, PlanError, InfeasibleBudgetError, PlannerError }

/** The error again, of the class that it had, if it is one of the planner's. */
export function fromPlain({ name, message, fields }: PlainError): Error {
  const error = Object.assign(new Error(message), fields)
  if (Object.hasOwn(classes, name))
    Object.setPrototypeOf(error, classes[name as keyof typeof classes].prototype)
  return error
}
