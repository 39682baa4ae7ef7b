export { type AuditCheck, AuditError, type AuditReport } from './audit/audit.ts'
export * from './backend.ts'
export type { Affine } from './kernel/affine.ts'
export { inPlacePairs } from './kernel/in-place.ts'
export * from './kernel/kernel.ts'
export { lower, lowerSource, Unfusable } from './kernel/lower.ts'
export * from './kernel/nest.ts'
export * from './program/program.ts'
export { type Compiled, type CompileOptions, compile } from './session/compile.ts'
export { type DagFile, toDag } from './session/dag-file.ts'
export {
  FeedError,
  InfeasibleBudgetError,
  type MicrobatchAdvice,
  type TopValue,
  TornSessionError,
} from './session/errors.ts'
export type { KernelTime } from './session/measure.ts'
export { type Budget, type Memory, parseMemory, showBytes } from './session/memory.ts'
export type { Microbatches } from './session/microbatches.ts'
export { planPrograms } from './session/plan-programs.ts'
export { Ladder, type Lowered, lowerGraph, type Planned, type PlanOptions } from './session/planned.ts'
export { type Category, categories, type PlanReport } from './session/report.ts'
export {
  type Arrays,
  openSession,
  type ProgramSpec,
  Session,
  type SessionOptions,
  type StepTime,
} from './session/session.ts'
export { measuredTarget, parseTarget, TargetError } from './session/target.ts'
export { showKernel, showKernels, showPlan, showProgram, showTasks } from './show.ts'
export type { ProgramDag } from './tasks/dag.ts'
export { type Loop, type Task, type TaskGraph, toTasks } from './tasks/tasks.ts'
