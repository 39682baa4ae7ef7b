import type { Value } from '@stint/graph'
import { apply, type Module } from '@stint/nn'

/** A layer on its tensors; those that are undefined are left out. */
export function layer(
  module: Module,
  tensors: { readonly [path: string]: Value | undefined },
  x: Value,
): Value {
  return apply(module, present(tensors), x).y
}

function present(tensors: { readonly [path: string]: Value | undefined }): { [path: string]: Value } {
  return Object.fromEntries(
    Object.entries(tensors).filter((entry): entry is [string, Value] => entry[1] !== undefined),
  )
}
