import { hash, uniform } from './hash.ts'

/** What one step is fed. */
export interface Batch {
  readonly x: Float32Array | Int32Array
  readonly y: Int32Array
}

const count = 4

/** Images: half of the centre of their class, and noise. `dim` numbers each; labels are random. */
export function imageBatches(rows: number, dim: number, classes = 10): Batch[] {
  const centres = uniform(classes * dim, 11)
  return Array.from({ length: count }, (_, b) => {
    const x = uniform(rows * dim, 100 + b)
    const y = new Int32Array(rows)
    for (let r = 0; r < rows; r++) {
      const label = hash(r, 200 + b) % classes
      y[r] = label
      for (let d = 0; d < dim; d++) x[r * dim + d]! += 0.5 * centres[label * dim + d]!
    }
    return { x, y }
  })
}

/** Characters: the next is 5 times the current one, and 7 to 9 more, modulo the vocabulary. */
export function charBatches(rows: number, steps: number, vocabulary = 96): Batch[] {
  return Array.from({ length: count }, (_, b) => {
    const x = new Int32Array(rows * steps)
    const y = new Int32Array(rows * steps)
    for (let r = 0; r < rows; r++) {
      let c = hash(r, 300 + b) % vocabulary
      for (let at = r * steps; at < (r + 1) * steps; at++) {
        x[at] = c
        c = (c * 5 + 7 + (hash(at, 400 + b) % 3)) % vocabulary
        y[at] = c
      }
    }
    return { x, y }
  })
}

/** [N, H, W, C] → [N, C, H, W]. */
export function channelsFirst(x: Float32Array, rows: number, pixels: number, channels: number): Float32Array {
  const to = new Float32Array(x.length)
  for (let r = 0; r < rows; r++)
    for (let p = 0; p < pixels; p++)
      for (let c = 0; c < channels; c++)
        to[(r * channels + c) * pixels + p] = x[(r * pixels + p) * channels + c]!
  return to
}
