export { KernelError } from '@stint/backend-wasm'
export { ThreadError } from './pool.ts'
export { type WorkerOptions, worker } from './worker.ts'
