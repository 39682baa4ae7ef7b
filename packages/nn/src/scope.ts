import { scope as enter, hashPath, randomUniform, type Shape, StintError, type Value } from '@stint/graph'
import type { Module } from './module.ts'

/** Where the random numbers of a forward pass come from: scalars of the program. */
export interface RandomSource {
  readonly seed: Value
  readonly step: Value
}

/** What a forward pass runs in. */
export interface Frame {
  /** Parameters and statistics by path. */
  readonly tensors: { readonly [path: string]: Value }
  readonly training: boolean
  /** Asked for at the first random number. */
  readonly random: () => RandomSource
  /** New statistics by path. */
  readonly updates: { [path: string]: Value }
  /** How often each path has drawn random numbers. */
  readonly draws: Map<string, number>
}

/** What the forward pass of one module sees: its tensors, its children, its random numbers. */
export class Scope {
  readonly path: string
  readonly #frame: Frame
  readonly #module: Module

  constructor(frame: Frame, module: Module, path = '') {
    this.#frame = frame
    this.#module = module
    this.path = path
  }

  /** True while training: dropout drops, batch norm uses the batch's own statistics. */
  get training(): boolean {
    return this.#frame.training
  }

  /** A parameter or statistic of this module, as it is before the step. */
  tensor(name: string): Value {
    const value = this.#frame.tensors[this.#join(name)]
    if (value === undefined)
      throw new StintError(
        'NO_TENSOR',
        `module '${this.path}' (${this.#module.kind}) keeps no tensor '${name}'`,
        {
          expected: Object.keys(this.#module.tensors ?? {}).join(', ') || 'none',
        },
      )
    return value
  }

  /** Says what a statistic becomes after the step. */
  update(name: string, next: Value): void {
    this.#frame.updates[this.#join(name)] = next.stopGradient()
  }

  /** Runs the child `name` on `x`; its nodes carry its path. */
  call(name: string, x: Value): Value {
    const child = this.#module.children?.[name]
    if (child === undefined)
      throw new StintError(
        'NO_CHILD',
        `module '${this.path}' (${this.#module.kind}) has no child '${name}'`,
        {
          expected: Object.keys(this.#module.children ?? {}).join(', ') || 'none',
        },
      )
    return enter(name, () => child.forward(new Scope(this.#frame, child, this.#join(name)), x))
  }

  /**
   * Uniform numbers in [0, 1), fixed by seed, step, this module's path, which draw of it this is, and the element's
   * index: computed again they are the same.
   */
  uniform(shape: Shape): Value {
    const { seed, step } = this.#frame.random()
    const call = this.#frame.draws.get(this.path) ?? 0
    this.#frame.draws.set(this.path, call + 1)
    return randomUniform(seed, step, shape, { key: hashPath(this.path), call })
  }

  #join(name: string): string {
    return this.path === '' ? name : `${this.path}.${name}`
  }
}
