import { clamp, setState, state, trace, type Value } from '@stint/graph'
import { adam, adamw, clipByGlobalNorm, type Optimizer, sgd, type Tensors } from '@stint/nn'
import type { Found } from './compare.ts'
import { arrayOf, type Build, type Context, typeOf, Unsupported } from './context.ts'
import type { Machine } from './executor.ts'
import type { Tensor } from './safetensors.ts'

interface OptimizerArgs {
  readonly lr: number
  readonly momentum?: number
  readonly dampening?: number
  readonly nesterov?: boolean
  readonly weight_decay?: number
  readonly betas?: readonly [number, number]
  readonly eps?: number
  readonly amsgrad?: boolean
  readonly groups?: readonly unknown[]
}

/** An optimizer under torch's name and arguments. */
export function optimizerOf(name: string, args: OptimizerArgs): Optimizer {
  if (args.groups !== undefined) throw new Unsupported('groups of parameters with optimizers of their own')
  if (args.amsgrad === true) throw new Unsupported('AMSGrad')
  const { lr, betas = [0.9, 0.999], eps = 1e-8 } = args
  const moments = { beta1: betas[0], beta2: betas[1], eps }
  if (name === 'sgd') {
    const { momentum = 0, dampening = 0, nesterov = false, weight_decay: weightDecay = 0 } = args
    return sgd(lr, { momentum, dampening, nesterov, weightDecay })
  }
  if (name === 'adam') return adam(lr, { ...moments, weightDecay: args.weight_decay ?? 0 })
  if (name === 'adamw') return adamw(lr, { ...moments, weightDecay: args.weight_decay ?? 0.01 })
  throw new Unsupported(`no optimizer '${name}'`)
}

/** A run of an optimizer over gradients that are given: parameters after each step. */
export async function runOptimizer(at: Context): Promise<Found[]> {
  const { case: c, dtype } = at
  const optimizer = optimizerOf(c.op, c.attrs as unknown as OptimizerArgs)
  const stored = (kind: string): Tensor[] =>
    c.inputs.filter((_, i) => c.inputRoles[i]?.startsWith(kind)).map(name => at.suite.tensor(c, name))
  const [params, grads] = [stored('param'), stored('grads')]
  const types = params.map(p => typeOf(p, dtype))
  const { graph } = trace((...g: Value[]) => step(optimizer, g), types, { name: c.id })
  const machine = await at.executor.open(graph)
  try {
    await machine.writeState(
      Object.fromEntries(
        graph.state.map(({ path }) => [path, arrayOf({ data: initial(path, optimizer, params) }, dtype)]),
      ),
    )
    return await trajectories(at, machine, params, grads)
  } finally {
    await machine.close()
  }
}

async function trajectories(
  at: Context,
  machine: Machine,
  params: Tensor[],
  grads: Tensor[],
): Promise<Found[]> {
  const { case: c, dtype } = at
  const steps = c.attrs.steps as number
  const got: number[][] = params.map(() => [])
  for (let k = 0; k < steps; k++) {
    const fed = grads.map((g, i) => {
      const size = params[i]!.data.length
      return [String(i), arrayOf({ data: g.data.slice(k * size, (k + 1) * size) }, dtype)] as const
    })
    await machine.run(Object.fromEntries(fed))
    for (const i of params.keys()) got[i]!.push(...(await machine.readState(String(i))))
  }
  return c.outputs.map((name, i) => ({ name, got: got[i]!, expected: at.suite.tensor(c, name).data }))
}

/** One update of parameters `0`, `1` … as a program. */
function step(optimizer: Optimizer, gradients: readonly Value[]): undefined {
  const { dtype } = gradients[0]!
  const kept = (name: string, shape: readonly number[]): Value =>
    state(`optimizer.${name}`, { dtype, shape }, 'optimizer')
  const shared = optimizer.advance(
    Object.fromEntries(
      Object.entries(optimizer.shared).map(([name, { shape }]) => [name, kept(name, shape)]),
    ),
  )
  setAll('optimizer.', shared)
  for (const [i, gradient] of gradients.entries()) {
    const parameter = state(String(i), gradient.type, 'parameter')
    const slots = Object.fromEntries(optimizer.slots.map(s => [s, kept(`${s}.${i}`, gradient.shape)]))
    const next = optimizer.update({
      parameter,
      gradient,
      slots,
      shared,
      learningRate: optimizer.learningRate,
    })
    setState(String(i), next.parameter)
    for (const [slot, value] of Object.entries(next.slots)) setState(`optimizer.${slot}.${i}`, value)
  }
}

function setAll(prefix: string, tensors: Tensors): void {
  for (const [name, next] of Object.entries(tensors)) setState(prefix + name, next)
}

/** First numbers of a state: a parameter, what an optimizer shares, or a slot of zeros. */
function initial(path: string, optimizer: Optimizer, params: readonly Tensor[]): Float32Array {
  const own = params[Number(path)]
  if (own !== undefined) return Float32Array.from(own.data)
  const [, name, index] = path.split('.') as [string, string, string | undefined]
  const shared = optimizer.shared[name]
  if (shared !== undefined) return new Float32Array(1).fill(shared.value)
  return new Float32Array(params[Number(index)]!.data.length)
}

/** Clipping, as ordinary cases. */
export const clipping: { readonly [op: string]: Build } = {
  clip_grad_norm: (grads, { max_norm, norm_type }: { max_norm: number; norm_type: number | 'inf' }) => {
    if (norm_type !== 2) throw new Unsupported(`clipping by the norm of order ${norm_type}`)
    const { gradients, norm } = clipByGlobalNorm(grads, max_norm)
    return [...Object.values(gradients), norm]
  },
  clip_grad_value: (grads, { clip_value }: { clip_value: number }) =>
    Object.values(grads).map(g => clamp(g, -clip_value, clip_value)),
}
