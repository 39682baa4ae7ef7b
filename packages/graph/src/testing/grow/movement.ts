import { concat, expandDims, roll, tile } from '../../functions/movement.ts'
import type { Value } from '../../trace/value.ts'
import { sizeOf } from '../../type.ts'
import type { Garden, Grow } from '../garden.ts'

/** The same elements under another shape of at most three axes. */
function reshaped({ random }: Garden, x: Value): Value {
  let rest = sizeOf(x.shape)
  const shape = Array.from({ length: random.int(0, 2) }, () => {
    const d = random.pick([1, 2, 3, 4, 5, 6].filter(n => rest % n === 0))
    rest /= d
    return d
  })
  return x.reshape(random.shuffle([...shape, rest]))
}

function sliced({ random }: Garden, x: Value): Value {
  const start = x.shape.map(d => random.int(0, Math.max(0, d - 1)))
  const stop = x.shape.map((d, a) => random.int(Math.min(d, (start[a] as number) + 1), d))
  return x.slice(
    start,
    stop,
    x.shape.map(() => random.int(1, 2)),
  )
}

function padded({ random, smooth }: Garden, x: Value): Value {
  const some = () => x.shape.map(() => random.int(0, 2))
  return x.pad(some(), some(), random.pick(smooth ? [0, 1] : [0, -0, 1, 0.1]))
}

function broadcasted({ random }: Garden, x: Value): Value {
  const at = random.int(0, x.shape.length)
  const shape = [...x.shape.slice(0, at), random.int(1, 3), ...x.shape.slice(at)]
  return x.broadcast(
    shape,
    x.shape.map((_, a) => (a < at ? a : a + 1)),
  )
}

/** With values that differ along one axis alone, or with itself. */
function joined(garden: Garden, x: Value): readonly [Value, number] {
  const axis = garden.axis(x)
  const other = garden.shaped(x.shape.map((d, a) => (a === axis ? garden.random.int(1, 3) : d)))
  const all = garden.random.pick([
    [x, other],
    [other, x, other],
    [x, x],
  ])
  return [concat(all, axis), Math.max(garden.bound(x), garden.bound(other))]
}

export const movement: Grow = garden => {
  const { random } = garden
  const x = garden.pick()
  const put = (y: Value, bound = garden.bound(x)) => garden.put(y, bound)
  const anywhere = [
    () => put(reshaped(garden, x)),
    () => put(broadcasted(garden, x)),
    () => put(expandDims(x, 0)),
  ]
  const onAxes = [
    () => put(x.transpose(random.shuffle(x.shape.map((_, a) => a)))),
    () => put(sliced(garden, x)),
    () => put(padded(garden, x), Math.max(1, garden.bound(x))),
    () => put(x.flip(garden.axis(x))),
    () => put(...joined(garden, x)),
    () => put(roll(x, random.int(1, 3), garden.axis(x))),
    () => put(tile(x, [random.int(1, 2), ...x.shape.map(() => 1)])),
  ]
  random.pick(x.shape.length === 0 ? anywhere : x.shape.length > 3 ? onAxes : [...anywhere, ...onAxes])()
}
