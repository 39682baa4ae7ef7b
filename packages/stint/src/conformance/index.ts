export { type Case, type CaseAttrs, loadSuite, type Suite, type Tolerance } from './case.ts'
export type { Mismatch } from './compare.ts'
export {
  type Arrays,
  type Executor,
  type FloatType,
  type Machine,
  reference,
  throughEngine,
} from './executor.ts'
export {
  type ConformanceOptions,
  type ConformanceReport,
  type Failure,
  type Outcome,
  runCase,
  runConformance,
} from './run.ts'
export { readSafetensors, type Tensor } from './safetensors.ts'
