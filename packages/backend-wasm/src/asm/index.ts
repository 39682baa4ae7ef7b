export type { FunctionBuilder, Label, Local, Signature, ValType } from './function.ts'
export { type MemoryImport, ModuleBuilder, pageBytes, type TableImport } from './module.ts'
export type { LaneMemoryOp, LaneOp, MemoryOp, PlainOp } from './opcodes.ts'
