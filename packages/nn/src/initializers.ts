import { type Shape, StintError, sizeOf } from '@stint/graph'

/** Random numbers of one tensor by element index: element i does not depend on the others. */
export interface Draws {
  /** In [0, 1). */
  uniform(index: number): number
  /** Mean 0, variance 1. */
  normal(index: number): number
}

/** First values of a tensor. */
export type Initializer = (shape: Shape, draws: Draws) => Float32Array

/** Inputs and outputs of one unit: a weight is [out, in, ...window]. */
export function fans(shape: Shape): { readonly fanIn: number; readonly fanOut: number } {
  if (shape.length < 2)
    throw new StintError('ATTR', 'fan-in is not defined for fewer than two axes', {
      got: `[${shape.join(',')}]`,
    })
  const window = sizeOf(shape.slice(2))
  return { fanIn: shape[1]! * window, fanOut: shape[0]! * window }
}

function fill(shape: Shape, element: (index: number) => number): Float32Array {
  const data = new Float32Array(sizeOf(shape))
  for (let i = 0; i < data.length; i++) data[i] = element(i)
  return data
}

export const constantInit =
  (value: number): Initializer =>
  shape =>
    fill(shape, () => value)

/** Uniform in [−bound, bound). */
export const uniformInit =
  (bound: number): Initializer =>
  (shape, draws) =>
    fill(shape, i => (2 * draws.uniform(i) - 1) * bound)

export const normalInit =
  (deviation: number, mean = 0): Initializer =>
  (shape, draws) =>
    fill(shape, i => mean + deviation * draws.normal(i))

/** Uniform within 1 / √fan-in, PyTorch's default for linear layers and convolutions and their biases. */
export const fanInUniform =
  (fanIn?: number): Initializer =>
  (shape, draws) =>
    uniformInit(1 / Math.sqrt(fanIn ?? fans(shape).fanIn))(shape, draws)

/** Variance 2 / fan-in, for ReLU networks (He et al. 2015). */
export const kaimingNormal =
  (gain: number = Math.SQRT2): Initializer =>
  (shape, draws) =>
    normalInit(gain / Math.sqrt(fans(shape).fanIn))(shape, draws)

export const kaimingUniform =
  (gain: number = Math.SQRT2): Initializer =>
  (shape, draws) =>
    uniformInit(gain * Math.sqrt(3 / fans(shape).fanIn))(shape, draws)

/** Variance 2 / (fan-in + fan-out) (Glorot & Bengio 2010). */
export const xavierNormal =
  (gain = 1): Initializer =>
  (shape, draws) => {
    const { fanIn, fanOut } = fans(shape)
    return normalInit(gain * Math.sqrt(2 / (fanIn + fanOut)))(shape, draws)
  }

export const xavierUniform =
  (gain = 1): Initializer =>
  (shape, draws) => {
    const { fanIn, fanOut } = fans(shape)
    return uniformInit(gain * Math.sqrt(6 / (fanIn + fanOut)))(shape, draws)
  }
