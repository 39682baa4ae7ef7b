import type { GeneratorOp } from '../ops/index.ts'
import { randomBitsOf } from '../random/index.ts'
import { type Dense, eachIndex, type Rule, stored } from './dense.ts'

const full: Rule<{ value: number }> = {
  run(_, out, { value }, type) {
    out.fill(stored(value, type))
  },
}

const iota: Rule<{ axis: number }> = {
  run(_, out, { axis }, type) {
    eachIndex(type.shape, (index, flat) => {
      out[flat] = stored(index[axis] as number, type)
    })
  },
}

const randomBits: Rule<{ key: readonly number[]; call: number }> = {
  run([seed, step], out, { key, call }) {
    const [first, second] = [(seed as Dense).data[0] as number, (step as Dense).data[0] as number]
    const [low, high] = key as [number, number]
    randomBitsOf(first, second, low, high, call, 0, out as Uint32Array, 0, out.length)
  },
}

export const generator: { readonly [K in GeneratorOp]: Rule } = { full, iota, randomBits }
