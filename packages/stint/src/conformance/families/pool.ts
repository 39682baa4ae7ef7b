import * as g from '@stint/graph'
import { avgPool2d, globalAvgPool2d, maxPool2d } from '@stint/nn'
import { type Family, Unsupported } from '../context.ts'
import { layer } from '../layer.ts'

interface Attrs<P> {
  readonly kernel_size: P
  readonly stride: P
  readonly padding: P
  readonly dilation?: P
  readonly ceil_mode?: boolean
  readonly count_include_pad?: boolean
}
type Pair = readonly [number, number]

function plain({ dilation, ceil_mode }: Attrs<Pair>): void {
  if (ceil_mode === true) throw new Unsupported('pooling that rounds its size up')
  if (dilation?.some(d => d !== 1)) throw new Unsupported('dilated pooling')
}

const line = ({ kernel_size, stride, padding }: Attrs<number>): g.PoolOptions => ({
  window: kernel_size,
  stride,
  padding,
})

export const pool: Family = {
  max_pool2d: ({ input }, attrs: Attrs<Pair>) => {
    plain(attrs)
    return layer(maxPool2d(attrs.kernel_size, attrs), {}, input!)
  },
  avg_pool2d: ({ input }, attrs: Attrs<Pair>) => {
    plain(attrs)
    const { stride, padding, count_include_pad } = attrs
    const options = { stride, padding, countIncludePad: count_include_pad ?? true }
    return layer(avgPool2d(attrs.kernel_size, options), {}, input!)
  },
  adaptive_avg_pool2d: ({ input }, attrs: { output_size: Pair }) => {
    if (attrs.output_size.some(n => n !== 1))
      throw new Unsupported('adaptive pooling to more than one element')
    return layer(globalAvgPool2d(), {}, input!)
  },
  max_pool1d: ({ input }, attrs: Attrs<number>) => g.maxPool(input!, line(attrs)),
  avg_pool1d: ({ input }, attrs: Attrs<number>) => g.sumPool(input!, line(attrs)).div(attrs.kernel_size),
}
