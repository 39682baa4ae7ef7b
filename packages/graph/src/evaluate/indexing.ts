import { isFloat } from '../dtype.ts'
import { sizeOf } from '../type.ts'
import type { Dense, Rule } from './dense.ts'

export const gather: Rule = {
  run(inputs, out) {
    const [x, idx] = inputs as [Dense, Dense]
    const [rows, ...rest] = x.type.shape as [number, ...number[]]
    const width = sizeOf(rest)
    for (const [i, row] of idx.data.entries())
      if (row >= 0 && row < rows) out.set(x.data.subarray(row * width, (row + 1) * width), i * width)
  },
}

export const scatterAdd: Rule<{ rows: number }> = {
  run(inputs, out, { rows }, { dtype, shape }) {
    const [idx, updates] = inputs as [Dense, Dense]
    const width = sizeOf(shape.slice(1))
    const accumulators = new Float64Array(out.length)
    for (const [i, row] of idx.data.entries()) {
      if (row < 0 || row >= rows) continue
      for (let j = 0; j < width; j++) {
        const total = (accumulators[row * width + j] as number) + (updates.data[i * width + j] as number)
        accumulators[row * width + j] = isFloat(dtype) ? total : total | 0
      }
    }
    out.set(accumulators)
  },
}
