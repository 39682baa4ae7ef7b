export { cpu } from './cpu.ts'
export { KernelError } from './runner.ts'
