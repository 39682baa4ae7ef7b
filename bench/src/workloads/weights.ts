import { constantInit, type Initializer } from '@stint/nn'
import { uniformAt } from './hash.ts'

/**
 * Hands out the first weights of a network, one tensor after the other: tensor `i` is stream 1000 + i. They are named in
 * the layout of the peers, [in, out] and [height, width, in, out], and brought to that of the layers here.
 */
export class Weights {
  #next = 1000

  /** Numbers in [−scale, scale) in the layout of the layer. */
  same(scale: number): Initializer {
    const seed = this.#next++
    return shape => filled(shape, i => uniformAt(i, seed, scale))
  }

  /** [in, out] for a layer that takes [out, in]. */
  matrix(scale: number): Initializer {
    const seed = this.#next++
    return shape => {
      const [out, into] = shape as readonly [number, number]
      return filled(shape, i => uniformAt((i % into) * out + Math.floor(i / into), seed, scale))
    }
  }

  /** [height, width, in, out] for a layer that takes [out, in, height, width], or [out, in · height · width]. */
  image(height: number, width: number, into: number, out: number, scale: number): Initializer {
    const seed = this.#next++
    return shape =>
      filled(shape, i => {
        const [pixel, channel] = [i % (height * width), Math.floor(i / (height * width))]
        const [c, o] = [channel % into, Math.floor(channel / into)]
        return uniformAt((pixel * into + c) * out + o, seed, scale)
      })
  }

  /** Passes over tensors that start with what their layer gives them. */
  skip(count: number): void {
    this.#next += count
  }

  /** Zeros; they count as a tensor, too. */
  zeros(): Initializer {
    return this.#constant(0)
  }

  ones(): Initializer {
    return this.#constant(1)
  }

  #constant(value: number): Initializer {
    this.#next++
    return constantInit(value)
  }
}

/** The bound of uniform weights for layers before a ReLU (He et al. 2015). */
export function he(fanIn: number): number {
  return Math.sqrt(6 / fanIn)
}

function filled(shape: readonly number[], element: (i: number) => number): Float32Array {
  const data = new Float32Array(shape.reduce((n, d) => n * d, 1))
  for (let i = 0; i < data.length; i++) data[i] = element(i)
  return data
}
