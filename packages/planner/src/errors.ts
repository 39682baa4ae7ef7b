/** Base of the planner's errors: a stable `code`, and fields that say what was expected, what came, what to do next. */
export class PlannerError extends Error {
  readonly code: string
  readonly expected: string | undefined
  readonly got: string | undefined
  readonly hint: string | undefined

  constructor(code: string, what: string, fields: { expected?: string; got?: string; hint?: string } = {}) {
    let message = what
    if (fields.expected !== undefined) message += `; expected ${fields.expected}`
    if (fields.got !== undefined) message += `, got ${fields.got}`
    if (fields.hint !== undefined) message += `. ${fields.hint}`
    super(message)
    this.name = new.target.name
    this.code = code
    this.expected = fields.expected
    this.got = fields.got
    this.hint = fields.hint
  }
}

/** A DAG that is not well formed. */
export class DagError extends PlannerError {
  constructor(what: string, fields: { expected?: string; got?: string; hint?: string } = {}) {
    super('DAG', what, fields)
  }
}

/** A plan that breaks a rule, or that says of itself what is not so. */
export class PlanError extends PlannerError {
  /** Index of the step that breaks the rule; −1 for the plan as a whole. */
  readonly step: number

  constructor(step: number, what: string, fields: { expected?: string; got?: string } = {}) {
    super('PLAN', step < 0 ? what : `step ${step}: ${what}`, fields)
    this.step = step
  }
}

/** No plan was found within the budget. */
export class InfeasibleBudgetError extends PlannerError {
  /** Bytes. */
  readonly requestedBytes: number
  /** Bytes of the smallest budget for which a plan was found. */
  readonly smallestBudgetBytes: number
  /** Values alive at the peak of that plan, largest first. */
  readonly top: readonly { readonly value: number; readonly name: string; readonly bytes: number }[]

  constructor(
    requestedBytes: number,
    smallestBudgetBytes: number,
    top: readonly { readonly value: number; readonly name: string; readonly bytes: number }[],
  ) {
    super('INFEASIBLE_BUDGET', `no plan fits into ${requestedBytes} bytes`, {
      expected: `at least ${smallestBudgetBytes} bytes`,
      got: `${requestedBytes} bytes`,
      hint: `At that peak live: ${top.map(t => `${t.name} (${t.bytes} bytes)`).join(', ')}.`,
    })
    this.requestedBytes = requestedBytes
    this.smallestBudgetBytes = smallestBudgetBytes
    this.top = top
  }
}
