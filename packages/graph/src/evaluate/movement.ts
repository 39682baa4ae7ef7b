import type { MovementOp } from '../ops/index.ts'
import { type Shape, stridesOf } from '../type.ts'
import { type Dense, eachIndex, position, type Rule, stored } from './dense.ts'

/** Copies from the input index that `source` gives for each output index; null leaves the element as it is. */
function move(
  x: Dense,
  out: Dense['data'],
  shape: Shape,
  source: (index: readonly number[]) => readonly number[] | null,
): void {
  const strides = stridesOf(x.type.shape)
  eachIndex(shape, (index, flat) => {
    const from = source(index)
    if (from !== null) out[flat] = x.data[position(from, strides)] as number
  })
}

const reshape: Rule = {
  run([x], out) {
    out.set((x as Dense).data)
  },
}

const transpose: Rule<{ perm: readonly number[] }> = {
  run([x], out, { perm }, { shape }) {
    const outputAxis = perm.map((_, a) => perm.indexOf(a))
    move(x as Dense, out, shape, index => outputAxis.map(a => index[a] as number))
  },
}

const broadcast: Rule<{ axes: readonly number[] }> = {
  run([x], out, { axes }, { shape }) {
    const from = (x as Dense).type.shape
    move(x as Dense, out, shape, index => axes.map((a, i) => (from[i] === 1 ? 0 : (index[a] as number))))
  },
}

const slice: Rule<{ start: readonly number[]; step: readonly number[] }> = {
  run([x], out, { start, step }, { shape }) {
    move(x as Dense, out, shape, index => index.map((i, a) => (start[a] as number) + i * (step[a] as number)))
  },
}

const flip: Rule<{ axes: readonly number[] }> = {
  run([x], out, { axes }, { shape }) {
    move(x as Dense, out, shape, index =>
      index.map((i, a) => (axes.includes(a) ? (shape[a] as number) - 1 - i : i)),
    )
  },
}

const pad: Rule<{ before: readonly number[]; value: number }> = {
  run([x], out, { before, value }, type) {
    const { shape } = (x as Dense).type
    out.fill(stored(value, type))
    move(x as Dense, out, type.shape, index => {
      const from = index.map((i, a) => i - (before[a] as number))
      return from.every((i, a) => i >= 0 && i < (shape[a] as number)) ? from : null
    })
  },
}

const concat: Rule<{ axis: number }> = {
  run(inputs, out, { axis }, { shape }) {
    let start = 0
    for (const x of inputs) {
      const stop = start + (x.type.shape[axis] as number)
      const at = start
      move(x, out, shape, index => {
        const i = index[axis] as number
        return i >= at && i < stop ? index.map((j, a) => (a === axis ? j - at : j)) : null
      })
      start = stop
    }
  },
}

export const movement: { readonly [K in MovementOp]: Rule } = {
  broadcast,
  concat,
  flip,
  pad,
  reshape,
  slice,
  transpose,
}
