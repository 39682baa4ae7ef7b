import { i32, state, type Value } from '@stint/graph'
import type { Module } from './module.ts'
import { type Frame, type RandomSource, Scope } from './scope.ts'

/** Path of the seed that all random numbers of a program come from, and of the count of steps that were run. */
export const seedPath = 'random.seed'
export const stepPath = 'step'

/** The random source of a program: its seed and step counter, both kept state. */
export function programRandom(): RandomSource {
  return { seed: state(seedPath, i32()), step: state(stepPath, i32()) }
}

/** Runs a module on traced tensors: the result, and the new statistics by path. */
export function apply(
  module: Module,
  tensors: { readonly [path: string]: Value },
  x: Value,
  options: { readonly training?: boolean; readonly random?: () => RandomSource } = {},
): { y: Value; updates: { [path: string]: Value } } {
  const frame: Frame = {
    tensors,
    training: options.training ?? false,
    random: options.random ?? programRandom,
    updates: {},
    draws: new Map(),
  }
  const y = module.forward(new Scope(frame, module), x)
  return { y, updates: frame.updates }
}
