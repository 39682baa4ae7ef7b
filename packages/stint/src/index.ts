export { grad, hessian, hvp, jacobian, jvp, valueAndGrad, vjp } from '@stint/autodiff'
export { cpu } from '@stint/backend-cpu'
export { wasm } from '@stint/backend-wasm'
export { worker } from '@stint/backend-worker'
export {
  type Backend,
  type Compiled,
  type CompileOptions,
  compile,
  InfeasibleBudgetError,
  type Memory,
  openSession,
  type PlanReport,
  type Session,
  type SessionOptions,
  showBytes,
} from '@stint/engine'
export {
  checkpoint,
  f32,
  f64,
  i32,
  keep,
  StintError,
  type Type,
  type TypedArray,
  u8,
  type Value,
} from '@stint/graph'
export { type Evaluation, type FitOptions, fit, type Recipe, type Run, type StepReport } from '@stint/train'
