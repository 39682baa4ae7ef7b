import { bounded, DTypeError, gather, showType } from '@stint/graph'
import { type Initializer, normalInit } from '../initializers.ts'
import { type Module, parameter } from '../module.ts'

export interface EmbeddingOptions {
  readonly weightInit?: Initializer
}

/**
 * Rows of a table: i32 x [...] → [..., features]; `weight` [count, features]. What is fed is checked against [0, count).
 * Throws DTypeError for an x that is not i32.
 */
export function embedding(count: number, features: number, options: EmbeddingOptions = {}): Module {
  return {
    kind: 'embedding',
    tensors: { weight: parameter([count, features], options.weightInit ?? normalInit(1)) },
    forward(scope, x) {
      if (x.dtype !== 'i32')
        throw new DTypeError('the input does not fit the layer', {
          op: 'embedding',
          expected: `i32 in [0, ${count})`,
          got: showType(x.type),
          hint: 'Feed whole numbers, for instance an Int32Array.',
        })
      return gather(scope.tensor('weight'), bounded(x, 0, count))
    },
  }
}
