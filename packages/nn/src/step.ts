import { valueAndGrad } from '@stint/autodiff'
import { f32, full, i32, scope, setState, state, type Value } from '@stint/graph'
import { apply, seedPath, stepPath } from './apply.ts'
import { correct, type Loss } from './losses/cross-entropy.ts'
import { asModule, type Layer, tensorsOf } from './module.ts'
import { clipByGlobalNorm } from './optim/clip.ts'
import type { Optimizer, SlotSpec, Tensors } from './optim/optimizer.ts'

export interface StepOptions {
  readonly loss: Loss
  readonly optimizer: Optimizer
  /** Scales gradients so that their global norm is at most this. */
  readonly clipNorm?: number
  /** The program takes a third input, the learning rate of the step, in place of the optimizer's own. */
  readonly scheduled?: boolean
  /** Also gives the number of rows whose largest logit is the target's. */
  readonly countCorrect?: boolean
  /** Brings fed data to what the model takes, for instance u8 pixels to f32 in [0, 1]. */
  readonly prepare?: (x: Value) => Value
}

/** Outputs of a training step or an evaluation. */
export interface StepOutputs {
  readonly [name: string]: Value
  readonly loss: Value
}

/** A step as a function of traced values: inputs x, y and, where scheduled, the learning rate. */
export type Step = (x: Value, y: Value, rate?: Value) => StepOutputs

/**
 * A whole training step as one program: forward, backward, and the update of parameters, optimizer state and running
 * statistics, each placed over its old content as soon as nothing reads that any more.
 */
export function trainStep(layer: Layer, options: StepOptions): Step {
  const model = asModule(layer)
  const { optimizer, loss, prepare = x => x } = options
  return (x, y, rate) => {
    const { parameters, statistics } = declare(model)
    const step = state(stepPath, i32())
    const seed = state(seedPath, i32())
    const random = () => ({ seed, step })
    const forward = (trained: Tensors) => {
      const { y: prediction, updates } = apply(model, { ...trained, ...statistics }, prepare(x), {
        training: true,
        random,
      })
      const count: Tensors = options.countCorrect === true ? { correct: correct(prediction, y) } : {}
      return [scope('loss', () => loss(prediction, y)), { updates, count }] as const
    }
    const [[value, aux], gradients] = valueAndGrad(forward, { aux: true })(parameters)
    scope('optimizer', () => update(optimizer, parameters, gradients, options, rate))
    for (const [path, next] of Object.entries(aux.updates)) setState(path, next)
    setState(stepPath, step.add(1))
    return { loss: value, ...aux.count }
  }
}

/** Loss, and where asked the count of right rows, without training; state stays as it is. */
export function evalStep(
  layer: Layer,
  options: Pick<StepOptions, 'loss' | 'countCorrect' | 'prepare'>,
): Step {
  const model = asModule(layer)
  return (x, y) => {
    const { parameters, statistics } = declare(model)
    const prediction = apply(model, { ...parameters, ...statistics }, (options.prepare ?? (v => v))(x)).y
    const count: Tensors = options.countCorrect === true ? { correct: correct(prediction, y) } : {}
    return { loss: scope('loss', () => options.loss(prediction, y)), ...count }
  }
}

/** The model's output, without training. */
export function predictStep(
  layer: Layer,
  options: Pick<StepOptions, 'prepare'> = {},
): (x: Value) => { output: Value } {
  const model = asModule(layer)
  return x => {
    const { parameters, statistics } = declare(model)
    return { output: apply(model, { ...parameters, ...statistics }, (options.prepare ?? (v => v))(x)).y }
  }
}

function declare(model: ReturnType<typeof asModule>): { parameters: Tensors; statistics: Tensors } {
  const parameters: { [path: string]: Value } = {}
  const statistics: { [path: string]: Value } = {}
  for (const [path, { shape, role }] of tensorsOf(model)) {
    const value = state(path, f32(...shape), role)
    if (role === 'parameter') parameters[path] = value
    else statistics[path] = value
  }
  return { parameters, statistics }
}

function update(
  optimizer: Optimizer,
  parameters: Tensors,
  raw: Tensors,
  { clipNorm }: StepOptions,
  rate: Value | undefined,
): void {
  const gradients = clipNorm === undefined ? raw : clipByGlobalNorm(raw, clipNorm).gradients
  const kept = (name: string, { shape }: Pick<SlotSpec, 'shape'>) =>
    state(`optimizer.${name}`, f32(...shape), 'optimizer')
  const shared = optimizer.advance(
    Object.fromEntries(Object.entries(optimizer.shared).map(([name, spec]) => [name, kept(name, spec)])),
  )
  for (const [name, next] of Object.entries(shared)) setState(`optimizer.${name}`, next)
  for (const [path, parameter] of Object.entries(parameters)) {
    const slots = Object.fromEntries(optimizer.slots.map(s => [s, kept(`${s}.${path}`, parameter)]))
    const gradient = gradients[path] ?? full(0, parameter.dtype, parameter.shape)
    const learningRate = rate ?? optimizer.learningRate
    const next = scope(path, () => optimizer.update({ parameter, gradient, slots, shared, learningRate }))
    setState(path, next.parameter)
    for (const [slot, value] of Object.entries(next.slots)) setState(`optimizer.${slot}.${path}`, value)
  }
}
