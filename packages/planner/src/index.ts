export { type PlanAsyncOptions, type PlanProgress, planAsync } from './async/plan-async.ts'
export { type Curve, type CurveOptions, type CurvePoint, curve } from './curve/curve.ts'
export * from './dag/dag.ts'
export { dagHash, planHash } from './dag/hash.ts'
export {
  type ParsedDag,
  parseDag,
  parsePlan,
  type Shorthand,
  type ShorthandStep,
  toShorthand,
} from './dag/parse.ts'
export { type DrawCurveOptions, drawCurve } from './draw/curve.ts'
export { type DrawOptions, draw } from './draw/plan.ts'
export * from './errors.ts'
export {
  type AtPeak,
  type Dropped,
  Explanation,
  explain,
  type Kept,
  type Named,
  type Peak,
  type Recomputed,
  type Totals,
} from './explain/explain.ts'
export type { Again } from './explain/history.ts'
export { type LayOutOptions, layOut } from './layout/lay-out.ts'
export { type ImproveOptions, improveRung, type LadderOptions, ladder } from './plan/ladder.ts'
export { type Minimum, type MinimumOptions, minimumBudget } from './plan/minimum-budget.ts'
export { type PlanOptions, plan, planSteps } from './plan/plan.ts'
export { storeAllPeak } from './plan/store-all.ts'
export type { Replayed } from './verify/replay.ts'
export { type Profile, profile, type VerifyOptions, verify } from './verify/verify.ts'
