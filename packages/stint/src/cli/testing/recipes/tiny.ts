import { type Dataset, dataset } from '@stint/data'
import { crossEntropy, linear, relu, sequential, sgd } from '@stint/nn'
import type { Recipe } from '@stint/train'

/** Ten rows of two features in three classes, as a recipe without a budget. */
export function tiny(data: () => Promise<Dataset>, classes = 3): Recipe {
  return {
    name: 'tiny',
    model: () => sequential(linear(2, 4), relu(), linear(4, classes)),
    data: async () => ({ train: await data(), test: await data() }),
    loss: crossEntropy,
    optimizer: sgd(0.1),
    batch: 4,
    epochs: 1,
    memory: 'none',
  }
}

export function rows(changes: { readonly x?: Float32Array; readonly y?: Int32Array } = {}): Dataset {
  const x = Float32Array.from({ length: 20 }, (_, i) => (i % 7) / 7)
  const y = Int32Array.from({ length: 10 }, (_, i) => i % 3)
  return { x, y, xShape: [2], classes: 3, rows: 10, ...changes }
}

export const recipe: Recipe = tiny(async () => dataset(rows()))
