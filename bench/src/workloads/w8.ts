import { concat, f32, i32, type Value } from '@stint/graph'
import { adam, conv2d, type Layer, type Module, maxPool2d, module, relu, sequential } from '@stint/nn'
import type { Batch } from './batches.ts'
import { hash, uniform } from './hash.ts'
import { he, Weights } from './weights.ts'
import type { Workload } from './workload.ts'

const [rows, size, classes] = [8, 64, 4]
const channels = [16, 32, 64]

/** Each pixel twice as high and as wide: [N, C, H, W] → [N, C, 2 H, 2 W]. */
function enlarge(x: Value): Value {
  const [n, c, h, w] = x.shape as [number, number, number, number]
  return x
    .reshape([n, c, h, 1, w, 1])
    .broadcast([n, c, h, 2, w, 2])
    .reshape([n, c, 2 * h, 2 * w])
}

/** [N, C, H, W] → [N · H · W, C]. */
function pixels(x: Value): Value {
  return x.transpose([0, 2, 3, 1]).reshape([-1, x.shape[1]!])
}

/** U-Net (Ronneberger et al. 2015): each level joins what it saw on the way down to what comes from below. */
function model(): Layer {
  const weights = new Weights()
  const convolution = (kernel: number, inputs: number, outputs: number): Module =>
    conv2d(inputs, outputs, kernel, {
      padding: 'same',
      weightInit: weights.image(kernel, kernel, inputs, outputs, he(kernel * kernel * inputs)),
      biasInit: weights.zeros(),
    })
  const block = (inputs: number, outputs: number): Module =>
    sequential(convolution(3, inputs, outputs), relu(), convolution(3, outputs, outputs), relu())
  const level = (depth: number, inputs: number): Module => {
    const [own, deeper] = [channels[depth]!, channels[depth + 1]]
    if (deeper === undefined) return block(inputs, own)
    const parts = {
      down: block(inputs, own),
      pool: maxPool2d(2),
      below: level(depth + 1, own),
      up: block(own + deeper, own),
    }
    return module(parts, (m, x) => {
      const seen = m.down(x)
      return m.up(concat([seen, enlarge(m.below(m.pool(seen)))], 1))
    })
  }
  return sequential(level(0, 1), convolution(1, channels[0]!, classes), pixels)
}

/** Noise, and the class of each pixel at random. */
function batches(): Batch[] {
  return Array.from({ length: 4 }, (_, b) => {
    const count = rows * size * size
    const y = Int32Array.from({ length: count }, (_, i) => hash(i, 500 + b) % classes)
    const x = uniform(count, 600 + b)
    for (const [i, label] of y.entries()) x[i]! += 0.5 * label
    return { x, y }
  })
}

export const w8: Workload = {
  name: 'w8',
  about: 'U-Net of 3 levels with skip connections on 64×64, 4 classes a pixel, batch 8, Adam',
  model,
  optimizer: adam(1e-3),
  inputs: [f32(rows, 1, size, size), i32(rows * size * size)],
  batches,
}
