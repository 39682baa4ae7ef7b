import type { Shape, StateRole, Value } from '@stint/graph'
import type { Initializer } from './initializers.ts'
import type { Scope } from './scope.ts'

/** A tensor that a module keeps: a parameter is trained, a statistic is updated by the forward pass. */
export interface TensorSpec {
  readonly shape: Shape
  readonly init: Initializer
  readonly role: Extract<StateRole, 'parameter' | 'statistic'>
}

/**
 * A layer or a network, as plain data: what it keeps, what it is made of, and its forward pass. It holds no arrays; those
 * live in the session, under the module's path (`0.weight`, `block.conv1.bias`).
 */
export interface Module {
  /** `linear`, `conv2d` … */
  readonly kind: string
  readonly tensors?: { readonly [name: string]: TensorSpec }
  readonly children?: { readonly [name: string]: Module }
  forward(scope: Scope, x: Value): Value
}

/** A module, or a plain function of a traced value. */
export type Layer = Module | ((x: Value) => Value)

export function parameter(shape: Shape, init: Initializer): TensorSpec {
  return { shape, init, role: 'parameter' }
}

export function statistic(shape: Shape, init: Initializer): TensorSpec {
  return { shape, init, role: 'statistic' }
}

/** A module of its own for a plain function. */
export function asModule(layer: Layer): Module {
  return typeof layer === 'function' ? { kind: layer.name || 'function', forward: (_, x) => layer(x) } : layer
}

/** All tensors of a module by path, in order of declaration. */
export function tensorsOf(module: Module, path = ''): Map<string, TensorSpec> {
  const join = (name: string): string => (path === '' ? name : `${path}.${name}`)
  const found = new Map<string, TensorSpec>()
  for (const [name, spec] of Object.entries(module.tensors ?? {})) found.set(join(name), spec)
  for (const [name, child] of Object.entries(module.children ?? {}))
    for (const [key, spec] of tensorsOf(child, join(name))) found.set(key, spec)
  return found
}
