import * as g from '@stint/graph'
import { conv2d } from '@stint/nn'
import type { Family } from '../context.ts'
import { layer } from '../layer.ts'

interface Attrs<P> {
  readonly stride: P
  readonly padding: P
  readonly dilation: P
  readonly groups: number
}
type Pair = readonly [number, number]

/** Adds a bias [F] to [N, F, ...]. */
function withBias(y: g.Value, bias: g.Value | undefined): g.Value {
  return bias === undefined ? y : y.add(bias.reshape([bias.shape[0]!, ...y.shape.slice(2).map(() => 1)]))
}

export const conv: Family = {
  conv1d: ({ input, weight, bias }, attrs: Attrs<number>) =>
    withBias(g.conv(input!, weight!, { ...attrs }), bias),
  conv2d: ({ input, weight, bias }, { stride, padding, dilation, groups }: Attrs<Pair>) => {
    const [filters, channels, h, w] = weight!.shape as [number, number, number, number]
    const options = { stride, padding, dilation, groups, bias: bias !== undefined }
    return layer(conv2d(channels * groups, filters, [h, w], options), { weight, bias }, input!)
  },
  conv_transpose2d: ({ input, weight, bias }, attrs: Attrs<Pair> & { output_padding: Pair }) =>
    withBias(g.convTranspose(input!, weight!, { ...attrs, outputPadding: attrs.output_padding }), bias),
}
