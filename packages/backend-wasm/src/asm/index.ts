export type { FunctionBuilder, Label, Local, ValType } from './function.ts'
export { ModuleBuilder, pageBytes } from './module.ts'
export type { MemoryOp, PlainOp } from './opcodes.ts'
