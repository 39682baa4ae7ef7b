import { type Model, modelOf } from '../dag/model.ts'
import { parseDag, type Shorthand } from '../dag/parse.ts'

export interface ChainShape {
  readonly length: number
  readonly cost?: () => number
  readonly bytes?: () => number
  /** What a backward step reads of its step: 'in', 'out', or both. */
  readonly reads?: () => 'in' | 'out' | 'both'
  /** A step backward reads what came of its step and what the next one made of that. */
  readonly next?: boolean
}

/** Steps forward, a loss, and as many backward. */
export function chain({
  length,
  cost = () => 1,
  bytes = () => 1,
  reads = () => 'both',
  next = false,
}: ChainShape): Model {
  const nodes: Shorthand['nodes'][number][] = []
  const add = (price: number, inputs: number[]): number =>
    nodes.push({ id: nodes.length, cost: price, bytes: bytes(), inputs }) - 1
  for (let i = 0; i < length; i++) add(cost(), i === 0 ? [] : [i - 1])
  let gradient = add(0, [length - 1])
  for (let i = length - 1; i >= 0; i--) {
    const what = reads()
    const [before, after] = next ? [i, i + 1] : [i - 1, i]
    const own = [...(before >= 0 && what !== 'out' ? [before] : []), ...(what !== 'in' ? [after] : [])]
    gradient = add(cost(), [...new Set([...own, gradient])])
  }
  return modelOf(parseDag({ nodes, outputs: [gradient] }).dag)
}

function choose(n: number, k: number): number {
  let product = 1
  for (let i = 1; i <= Math.min(k, n - k); i++) product = (product * (n + 1 - i)) / i
  return product
}

/** Steps that reversing `length` steps with `slots` checkpoints takes at least: Griewank and Walther, Revolve (2000), section 2. */
export function leastSteps(length: number, slots: number): number {
  let repeats = 0
  while (choose(slots + repeats, slots) < length) repeats++
  return repeats * length - (repeats === 0 ? 0 : choose(slots + repeats, slots + 1))
}
