import { conv, convTranspose } from '../../functions/convolution.ts'
import { maxPool, sumPool } from '../../functions/pooling.ts'
import { emit } from '../../trace/current.ts'
import type { Value } from '../../trace/value.ts'
import type { Garden, Grow } from '../garden.ts'

/** A matrix product, or a contraction over axes in any order, with an axis in common or without. */
export const contraction: Grow = garden => {
  const { random } = garden
  const [b, m, n] = garden.shape(3, 3) as [number, number, number]
  const k = garden.shape(random.int(1, 2), 3)
  const inner = k.reduce((p, d) => p * d, 1)
  if (random.chance(0.5)) {
    const [x, w] = [garden.shaped([m, inner]), garden.shaped([inner, n])]
    garden.put(x.matmul(w), garden.bound(x) * garden.bound(w) * inner)
    return
  }
  const [left, right] = [garden.shaped([m, b, ...k]), garden.shaped([...k, n, b])]
  const order = random.shuffle(k.map((_, i) => i))
  const y = left.dot(right, {
    batch: [[1], [k.length + 1]],
    contract: [order.map(i => i + 2), order],
  })
  garden.put(y, garden.bound(left) * garden.bound(right) * inner)
}

/** Images `[N, C, ...S]` with one or two spatial axes, each at least `least` long. */
function images(garden: Garden, rank: number, channels: number, least: number): Value {
  const space = Array.from({ length: rank }, () => garden.random.int(least, least + 2))
  return garden.shaped([garden.random.int(1, 2), channels, ...space])
}

export const convolution: Grow = garden => {
  const { random } = garden
  const rank = random.int(1, 2)
  const groups = random.int(1, 2)
  const [channels, filters] = garden.shape(2, 2) as [number, number]
  const kernel = Array.from({ length: rank }, () => random.int(1, 3))
  const options = {
    stride: random.int(1, 2),
    padding: Array.from({ length: rank }, () => [random.int(0, 1), random.int(0, 1)] as const),
    dilation: random.int(1, 2),
    groups,
  }
  const x = images(garden, rank, channels * groups, 5)
  const up = random.chance(0.25)
  const w = garden.shaped([up ? channels * groups : filters * groups, up ? filters : channels, ...kernel])
  const y = up ? convTranspose(x, w, options) : conv(x, w, options)
  garden.put(y, garden.bound(x) * garden.bound(w) * 9 * 4)
}

export const pooling: Grow = garden => {
  const { random } = garden
  const x = images(garden, random.int(1, 2), random.int(1, 2), 4)
  const options = { window: 2, stride: random.int(1, 2), padding: random.int(0, 1) }
  if (garden.smooth || random.chance(0.5)) garden.put(sumPool(x, options), 4 * garden.bound(x))
  else garden.put(maxPool(x, options), garden.bound(x))
}

/** The ops that only derivatives emit, on values of their own. */
export const adjoint: Grow = garden => {
  const { random, smooth } = garden
  const x = garden.shaped([random.int(1, 2), random.int(1, 2), random.int(4, 6)])
  const [n, c, s] = x.shape as [number, number, number]
  const windows = { window: [2], stride: [2], padding: [[0, 0]] }
  const ct = garden.shaped([n, c, Math.floor(s / 2)])
  const [bx, bct] = [garden.bound(x), garden.bound(ct)]
  const filters = { stride: [1], padding: [[1, 0]], dilation: [1], groups: 1, size: [2] }
  const linear = [
    () => garden.put(emit('sumUnpool', { ...windows, size: [s] }, ct), bct),
    () => garden.put(emit('convWeight', filters, x, x), bx * bx * n * s),
  ]
  const rough = [
    () => garden.put(emit('maxPoolScatter', windows, x, ct), bct),
    () => garden.put(emit('maxPoolGather', windows, x, x.sin()), 1),
  ]
  random.pick(smooth ? linear : [...linear, ...rough])()
}
