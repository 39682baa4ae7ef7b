import { ShapeError } from '../errors.ts'
import type { DotAttrs } from '../ops/contraction/dot.ts'
import { current, emit } from '../trace/current.ts'
import type { Value } from '../trace/value.ts'
import { showType } from '../type.ts'
import { broadcastShapes, broadcastTo } from './lift.ts'
import { reshape } from './movement.ts'

/** General contraction; see the op `dot`. */
export const dot = (a: Value, b: Value, attrs: DotAttrs): Value => emit('dot', attrs, a, b)

/** Matrix product of the last two axes, the others broadcast; a vector is a row on the left, a column on the right. */
export function matmul(a: Value, b: Value): Value {
  if (a.shape.length === 0 || b.shape.length === 0)
    throw mismatch(a, b, 'a vector, a matrix or a stack of matrices on either side')
  if (a.shape.length === 1) return squeezeAt(matmul(reshape(a, [1, ...a.shape]), b), -2)
  if (b.shape.length === 1) return squeezeAt(matmul(a, reshape(b, [...b.shape, 1])), -1)
  const k = a.shape[a.shape.length - 1] as number
  const [bk, n] = b.shape.slice(-2) as [number, number]
  if (k !== bk) throw mismatch(a, b, `${k} rows on the right`)
  if (b.shape.length === 2) return dot(a, b, { batch: [[], []], contract: [[a.shape.length - 1], [0]] })
  const outer = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2))
  if (outer === null) throw mismatch(a, b, 'stacks that broadcast together')
  const left = broadcastTo(a, [...outer, a.shape[a.shape.length - 2] as number, k])
  const right = broadcastTo(b, [...outer, k, n])
  const stack = outer.map((_, i) => i)
  const rank = outer.length
  return dot(left, right, { batch: [stack, stack], contract: [[rank + 1], [rank]] })
}

function squeezeAt(x: Value, axis: -1 | -2): Value {
  const a = x.shape.length + axis
  return reshape(
    x,
    x.shape.filter((_, i) => i !== a),
  )
}

function mismatch(a: Value, b: Value, expected: string): ShapeError {
  return new ShapeError('the operands do not fit', {
    op: 'matmul',
    expected,
    got: `${showType(a.type)} and ${showType(b.type)}`,
    site: current().scopes.site(),
  })
}
