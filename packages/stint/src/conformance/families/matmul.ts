import { swapAxes, type Value } from '@stint/graph'
import { linear } from '@stint/nn'
import type { Family } from '../context.ts'
import { layer } from '../layer.ts'

const turned = (x: Value, yes: boolean | undefined): Value => (yes === true ? swapAxes(x, -1, -2) : x)

export const matmuls: Family = {
  matmul: ({ input, other }, attrs: { transposeInput?: boolean; transposeOther?: boolean; self?: string }) =>
    attrs.self === undefined
      ? turned(input!, attrs.transposeInput).matmul(turned(other!, attrs.transposeOther))
      : input!.matmul(input!.transpose()),
  linear: ({ input, weight, bias }) => {
    const [outputs, inputs] = weight!.shape as [number, number]
    return layer(linear(inputs, outputs, { bias: bias !== undefined }), { weight, bias }, input!)
  },
  outer: ({ input, other }) => input!.expandDims(1).mul(other!),
}
