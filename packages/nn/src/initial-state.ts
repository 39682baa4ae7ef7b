import { hashPath, normalAt, sizeOf, uniformAt } from '@stint/graph'
import { seedPath, stepPath } from './apply.ts'
import type { Draws } from './initializers.ts'
import { asModule, type Layer, tensorsOf } from './module.ts'
import type { Optimizer } from './optim/optimizer.ts'

/** Arrays by path, as a session's `writeState` takes them. */
export type StateArrays = { [path: string]: Float32Array | Int32Array }

/** First values of everything that a training program keeps, from one seed: a tensor depends on seed and path alone. */
export function initialState(layer: Layer, seed: number, optimizer?: Optimizer): StateArrays {
  const arrays: StateArrays = {}
  const specs = tensorsOf(asModule(layer))
  for (const [path, { shape, init }] of specs) arrays[path] = init(shape, drawsOf(seed, path))
  if (optimizer !== undefined) {
    for (const [name, { shape, value }] of Object.entries(optimizer.shared))
      arrays[`optimizer.${name}`] = new Float32Array(sizeOf(shape)).fill(value)
    for (const [path, { shape, role }] of specs)
      if (role === 'parameter')
        for (const slot of optimizer.slots)
          arrays[`optimizer.${slot}.${path}`] = new Float32Array(sizeOf(shape))
  }
  arrays[seedPath] = Int32Array.of(seed | 0)
  arrays[stepPath] = Int32Array.of(0)
  return arrays
}

function drawsOf(seed: number, path: string): Draws {
  const key = hashPath(path)
  return { uniform: index => uniformAt(seed, key, index), normal: index => normalAt(seed, key, index) }
}
