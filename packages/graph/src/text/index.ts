export { parseGraph } from './parse.ts'
export { printGraph } from './print.ts'
export { GraphSyntaxError } from './tokens.ts'
