import {
  isFloat,
  isValue,
  ShapeError,
  StintError,
  showType,
  TraceError,
  type Value,
  values,
} from '@stint/graph'

/** Throws ShapeError unless `others` are as many values as `own`, each of the same type. */
export function checkLike(what: string, own: readonly Value[], others: readonly Value[]): void {
  for (let i = 0; i < Math.max(own.length, others.length); i++) {
    const [expected, got] = [own[i], others[i]].map(v => (v === undefined ? 'nothing' : showType(v.type)))
    if (expected !== got) throw new ShapeError(`a ${what} differs from its value`, { expected, got })
  }
}

/** The loss, where it is one floating-point number. Throws TraceError or ShapeError. */
export function checkScalar(loss: unknown): Value {
  if (!isValue(loss))
    throw new TraceError('the function must give a scalar', {
      op: 'grad',
      expected: 'a traced value',
      got: Array.isArray(loss) ? 'an array' : typeof loss,
      hint: 'With { aux: true } it gives a pair: [loss, anything].',
    })
  if (loss.shape.length !== 0 || !isFloat(loss.dtype))
    throw new ShapeError('the function must give a scalar', {
      op: 'grad',
      expected: 'f32[] or f64[]',
      got: showType(loss.type),
      hint: 'Reduce it with sum() or mean(), or use vjp with a cotangent.',
    })
  return loss
}

/** The values of a tree of arguments to differentiate. Throws StintError (`DTYPE`) unless all are floats. */
export function checkFloats(op: string, tree: unknown): Value[] {
  const list = values(tree)
  for (const v of list)
    if (!isFloat(v.dtype))
      throw new StintError('DTYPE', 'only floating-point arguments have a gradient', {
        op,
        got: showType(v.type),
        hint: 'Leave it out of argnums.',
      })
  return list
}
