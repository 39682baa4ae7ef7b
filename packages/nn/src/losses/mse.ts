import { ShapeError, sameShape, showType } from '@stint/graph'
import type { Loss } from './cross-entropy.ts'

/** Mean of the squared differences: prediction and target of one shape → scalar. */
export const mse: Loss = (prediction, target) => {
  if (!sameShape(prediction.shape, target.shape))
    throw new ShapeError('prediction and target differ in shape', {
      op: 'mse',
      expected: showType(prediction.type),
      got: showType(target.type),
    })
  return prediction.sub(target).square().mean()
}
