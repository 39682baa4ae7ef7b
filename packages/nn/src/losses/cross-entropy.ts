import { bounded, iota, logSoftmax, ShapeError, showType, type Value } from '@stint/graph'

/** A loss: prediction and target → scalar. */
export type Loss = (prediction: Value, target: Value) => Value

/**
 * Mean over the batch of −log softmax(logits)[label]: logits [N, C], labels i32 [N] → scalar. Labels are checked against
 * [0, C) when fed.
 */
export const crossEntropy: Loss = (logits, labels) => {
  const [n, classes] = logits.shape
  if (logits.shape.length !== 2 || labels.shape.length !== 1 || labels.shape[0] !== n || n === 0)
    throw new ShapeError('logits and labels do not fit', {
      op: 'crossEntropy',
      expected: 'logits [N, C] and labels [N], N at least 1',
      got: `${showType(logits.type)} and ${showType(labels.type)}`,
    })
  return pick(logSoftmax(logits, 1), bounded(labels, 0, classes!))
    .sum()
    .neg()
    .div(n!)
}

/** Row i keeps element labels[i]; the others become zero. */
function pick(rows: Value, labels: Value): Value {
  const index = iota(rows.shape, 1)
  return index.eq(labels.reshape([labels.shape[0]!, 1])).where(rows, 0)
}

/** Number of rows whose largest logit is the label's (the first of equals counts): logits [N, C], labels [N] → i32 scalar. */
export function correct(logits: Value, labels: Value): Value {
  const classes = logits.shape[1]!
  const top = logits.eq(logits.max(1, true))
  const first = top.where(iota(logits.shape, 1), classes).min(1)
  return first.eq(labels).cast('i32').sum()
}
