import { valueAndGrad } from '@stint/autodiff'
import { full, sizeOf, type Type, type TypedArray, trace, type Value } from '@stint/graph'
import {
  apply,
  crossEntropy,
  globalNorm,
  initialState,
  type Loss,
  type Module,
  type Optimizer,
  tensorsOf,
  trainStep,
} from '@stint/nn'
import type { Case, Tolerance } from './case.ts'
import type { Found } from './compare.ts'
import type { Context, Operands } from './context.ts'
import type { Machine } from './executor.ts'
import { networkOf } from './networks.ts'
import { judged, run } from './op-case.ts'
import { optimizerOf } from './optim-case.ts'
import type { Tensor } from './safetensors.ts'

/** A network: logits, loss and gradients of step 0, then a run of training. */
export async function runNet(at: Context): Promise<Found[]> {
  const model = networkOf(at.case)
  const found = await firstStep(at, model)
  // A training program keeps its parameters in f32.
  return at.dtype === 'f32' ? [...found, ...(await training(at, model))] : found
}

/** Mean cross entropy over all positions: logits [..., C], labels [...]. */
const loss: Loss = (logits, labels) =>
  crossEntropy(logits.reshape([-1, logits.shape.at(-1)!]), labels.reshape([-1]))

/** Batch `k` of a stack of them. */
function batch({ shape, data }: Tensor, k: number): { shape: readonly number[]; data: TypedArray } {
  const [batches, ...rest] = shape as [number, ...number[]]
  const size = sizeOf(rest)
  const at = (k % batches) * size
  return { shape: rest, data: data.slice(at, at + size) }
}

const named = (c: Case, role: string): string => c.inputs[c.inputRoles.indexOf(role)] as string

/** Before any update: the parameters are inputs. */
async function firstStep(at: Context, model: Module): Promise<Found[]> {
  const { case: c } = at
  const paths = c.params ?? []
  const [logitsName, lossName] = c.outputs as [string, string]
  const gradOf = (path: string): string => c.grads[c.inputs.indexOf(named(c, path))] as string
  const results = await run(at, c.inputs, x => {
    const first = (role: string): Value => {
      const stack = x[named(c, role)]!
      const shape = stack.shape.slice(1)
      return stack
        .slice(
          stack.shape.map(() => 0),
          [1, ...shape],
        )
        .reshape(shape)
    }
    const [images, labels] = [first('x'), first('y')]
    const forward = (p: Operands): [Value, Value] => {
      const { y } = apply(model, { ...statistics(model, at.dtype), ...p }, images, { training: true })
      return [loss(y, labels), y]
    }
    const parameters = Object.fromEntries(paths.map(path => [path, x[named(c, path)]!]))
    const [[value, y], gradients] = valueAndGrad(forward, { aux: true })(parameters)
    const norm = c.gradNorm === undefined ? {} : { [c.gradNorm]: globalNorm(gradients) }
    const grads = Object.fromEntries(paths.map(p => [gradOf(p), gradients[p]!]))
    return { [logitsName]: y, [lossName]: value, ...grads, ...norm }
  })
  return Object.keys(results).map(name => judged(at, name, results))
}

/** Running statistics as they start, which a training step does not read. */
function statistics(model: Module, dtype: Type['dtype']): Operands {
  const kept = [...tensorsOf(model)].filter(([, spec]) => spec.role === 'statistic')
  return Object.fromEntries(kept.map(([path, { shape }]) => [path, full(0, dtype, shape)]))
}

/** The whole program of a training step, run as often as the case says. */
async function training(at: Context, model: Module): Promise<Found[]> {
  const { case: c, suite } = at
  const { optimizer: name, optimizerArgs, clip_grad_norm: clip } = c.attrs as unknown as NetAttrs
  const optimizer = optimizerOf(name, optimizerArgs)
  const [x, y] = [suite.tensor(c, named(c, 'x')), suite.tensor(c, named(c, 'y'))]
  const step = trainStep(model, { loss, optimizer, ...(clip !== null && { clipNorm: clip }) })
  const types = [x, y].map(({ dtype, shape }): Type => ({ dtype, shape: shape.slice(1) }))
  const { graph } = trace(step, types, { name: c.id, names: ['x', 'y'] })
  const machine = await at.executor.open(graph)
  try {
    await machine.writeState(startOf(at, model, optimizer))
    const losses: number[] = []
    let early: Found[] = []
    const { curveSteps, earlySteps } = c.attrs as unknown as NetAttrs
    for (let k = 0; k < Math.min(curveSteps, at.trainingSteps ?? curveSteps); k++) {
      const { loss } = await machine.run({ x: batch(x, k).data, y: batch(y, k).data })
      losses.push(loss?.[0] as number)
      if (k + 1 === earlySteps) early = await kept(at, machine)
    }
    return [...early, curve(at, losses)]
  } finally {
    await machine.close()
  }
}

interface NetAttrs {
  readonly optimizer: string
  readonly optimizerArgs: Parameters<typeof optimizerOf>[1]
  readonly clip_grad_norm: number | null
  readonly curveSteps: number
  readonly earlySteps: number
}

/** First state of a program: the parameters of the case, all else as a model starts. */
function startOf(
  { case: c, suite }: Context,
  model: Module,
  optimizer: Optimizer,
): { [path: string]: TypedArray } {
  const given = (c.params ?? []).map(path => [path, suite.tensor(c, named(c, path)).data] as const)
  return { ...initialState(model, 0, optimizer), ...Object.fromEntries(given) }
}

/** Parameters and running statistics beside those that are stored. */
async function kept({ case: c, suite }: Context, machine: Machine): Promise<Found[]> {
  const paths = [...(c.params ?? []), ...(c.buffers ?? [])]
  const names = [...(c.paramsAfter5 ?? []), ...(c.buffersAfter5 ?? [])]
  const tolerance = c.paramsAfter5Tol as Tolerance
  const found: Found[] = []
  for (const [i, name] of names.entries()) {
    const got = await machine.readState(paths[i] as string)
    found.push({ name, got, expected: suite.tensor(c, name).data, tolerance })
  }
  return found
}

function curve({ case: c, suite }: Context, losses: readonly number[]): Found {
  const name = c.lossCurve as string
  const expected = suite.tensor(c, name).data.slice(0, losses.length)
  return { name, got: losses, expected, tolerance: c.lossCurveTol as Tolerance }
}
