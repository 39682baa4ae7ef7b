import { concat, ShapeError, StintError, showType, split, type Value } from '@stint/graph'
import { fanInUniform, type Initializer } from '../initializers.ts'
import { type Module, parameter, type TensorSpec } from '../module.ts'
import type { Scope } from '../scope.ts'

export interface LstmOptions {
  /** Layers, each of which reads what the one below gives; 1 unless said. */
  readonly layers?: number
  /** `two` as PyTorch keeps them (of the input and of the state), `one` (of the input alone), or `none`. */
  readonly bias?: 'two' | 'one' | 'none'
  readonly init?: Initializer
}

/**
 * Long short-term memory (Hochreiter & Schmidhuber 1997; forget gates by Gers et al. 2000), from a zero state: x
 * [N, T, inputs] → the outputs of the last layer at every step [N, T, hidden]. Gates in the order i, f, g, o:
 * c ← f c + i g, h ← o tanh(c). Layer k has `weight_ih_lk` [4 hidden, inputs], `weight_hh_lk` [4 hidden, hidden],
 * `bias_ih_lk` and `bias_hh_lk` [4 hidden], as in PyTorch.
 *
 * The steps are unrolled into the program: its size grows with T. Throws ShapeError for an x of another shape.
 */
export function lstm(inputs: number, hidden: number, options: LstmOptions = {}): Module {
  const { layers = 1, bias = 'two', init = fanInUniform(hidden) } = options
  if (!Number.isInteger(layers) || layers < 1)
    throw new StintError('ATTR', 'the number of layers is not usable', {
      op: 'lstm',
      expected: 'a whole number from 1',
      got: String(layers),
    })
  const tensors: { [name: string]: TensorSpec } = {}
  for (let k = 0; k < layers; k++) {
    tensors[`weight_ih_l${k}`] = parameter([4 * hidden, k === 0 ? inputs : hidden], init)
    tensors[`weight_hh_l${k}`] = parameter([4 * hidden, hidden], init)
    if (bias !== 'none') tensors[`bias_ih_l${k}`] = parameter([4 * hidden], init)
    if (bias === 'two') tensors[`bias_hh_l${k}`] = parameter([4 * hidden], init)
  }
  return {
    kind: 'lstm',
    tensors,
    forward(scope, x) {
      const [, steps, features] = x.shape
      if (x.shape.length !== 3 || features !== inputs || steps === 0)
        throw new ShapeError('the input does not fit the layer', {
          op: 'lstm',
          expected: `[N, T, ${inputs}], T at least 1`,
          got: showType(x.type),
        })
      // Steps first: what one step reads and writes then lies together.
      let y = x.transpose([1, 0, 2])
      for (let k = 0; k < layers; k++) y = runLayer(scope, y, k, bias)
      return y.transpose([1, 0, 2])
    },
  }
}

function runLayer(scope: Scope, x: Value, layer: number, bias: LstmOptions['bias']): Value {
  const tensor = (name: string): Value => scope.tensor(`${name}_l${layer}`)
  let gates = times(x, tensor('weight_ih'))
  if (bias !== 'none') gates = gates.add(tensor('bias_ih'))
  if (bias === 'two') gates = gates.add(tensor('bias_hh'))
  return lstmSteps(gates, tensor('weight_hh'))
}

/**
 * The steps of one LSTM layer, given what its input adds to the gates of each, from a zero state: gates
 * [T, N, 4 hidden], `weight` [4 hidden, hidden] → [T, N, hidden].
 */
export function lstmSteps(gates: Value, weight: Value): Value {
  const [steps, n, width] = gates.shape as readonly [number, number, number]
  const outputs: Value[] = []
  let state: { h: Value; c: Value } | undefined
  for (const slice of split(gates, steps)) {
    const own = slice.reshape([n, width])
    // From a zero state there is nothing to multiply.
    state = cell(state === undefined ? own : own.add(times(state.h, weight)), state?.c)
    outputs.push(state.h.expandDims(0))
  }
  return concat(outputs)
}

function cell(gates: Value, c: Value | undefined): { h: Value; c: Value } {
  const [i, f, g, o] = split(gates, 4, 1) as [Value, Value, Value, Value]
  const fresh = i.sigmoid().mul(g.tanh())
  const next = c === undefined ? fresh : f.sigmoid().mul(c).add(fresh)
  return { h: o.sigmoid().mul(next.tanh()), c: next }
}

/** x Wᵀ on the last axis. */
function times(x: Value, weight: Value): Value {
  return x.dot(weight, { batch: [[], []], contract: [[x.shape.length - 1], [1]] })
}
