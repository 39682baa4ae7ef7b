export { type Exact, type ExactOptions, exactClass, exactPlan } from './exact/exact-plan.ts'
export type { Highs } from './exact/highs.ts'
