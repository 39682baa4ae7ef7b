export type { Dense } from './dense.ts'
export { type Arrays, evaluate, evaluateNode } from './evaluate.ts'
