export { Random } from './random.ts'
export { type RandomFunction, type RandomGraphOptions, randomFunction, randomGraph } from './random-graph.ts'
export { type Fed, type RandomInputOptions, randomInputs } from './random-inputs.ts'
export { firstDifference } from './same-bits.ts'
