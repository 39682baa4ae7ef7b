export { randomBitsOf, unit } from './bits.ts'
export { normalAt, uniformAt } from './draws.ts'
export { hashPath } from './hash-path.ts'
export { philox4x32 } from './philox.ts'
