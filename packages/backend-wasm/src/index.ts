export { KernelError } from './runner.ts'
export { type WasmOptions, wasm } from './wasm.ts'
