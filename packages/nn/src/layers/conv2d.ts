import { conv, ShapeError, StintError, showType } from '@stint/graph'
import { fanInUniform, type Initializer } from '../initializers.ts'
import { type Module, parameter } from '../module.ts'

/** One number for both axes, or [height, width]. */
export type Pair = number | readonly [height: number, width: number]

export interface Conv2dOptions {
  readonly stride?: Pair
  /** Zeros on every side; `'same'` keeps ⌈size / stride⌉. */
  readonly padding?: Pair | 'same'
  readonly dilation?: Pair
  readonly groups?: number
  readonly bias?: boolean
  readonly weightInit?: Initializer
  readonly biasInit?: Initializer
}

export function pair(p: Pair): readonly [number, number] {
  return typeof p === 'number' ? [p, p] : p
}

/**
 * Cross-correlation: x [N, inChannels, H, W] → [N, outChannels, H', W']; `weight` [outChannels, inChannels / groups, kh, kw].
 */
export function conv2d(
  inChannels: number,
  outChannels: number,
  kernel: Pair,
  options: Conv2dOptions = {},
): Module {
  const { groups = 1, bias = true, padding = 0 } = options
  if (inChannels % groups !== 0 || outChannels % groups !== 0)
    throw new StintError('ATTR', 'groups do not divide the channels', {
      op: 'conv2d',
      expected: `a common divisor of ${inChannels} and ${outChannels}`,
      got: String(groups),
    })
  const [kh, kw] = pair(kernel)
  const stride = pair(options.stride ?? 1)
  const dilation = pair(options.dilation ?? 1)
  const fanIn = (inChannels / groups) * kh * kw
  const { weightInit = fanInUniform(), biasInit = fanInUniform(fanIn) } = options
  return {
    kind: 'conv2d',
    tensors: {
      weight: parameter([outChannels, inChannels / groups, kh, kw], weightInit),
      ...(bias && { bias: parameter([outChannels], biasInit) }),
    },
    forward(scope, x) {
      if (x.shape.length !== 4 || x.shape[1] !== inChannels)
        throw new ShapeError('the input does not fit the layer', {
          op: 'conv2d',
          expected: `[N, ${inChannels}, H, W]`,
          got: showType(x.type),
        })
      const spatial = x.shape.slice(2)
      const pads = spatial.map((size, a) =>
        padding === 'same'
          ? samePadding(size, (a === 0 ? kh : kw) as number, stride[a]!, dilation[a]!)
          : ([pair(padding)[a]!, pair(padding)[a]!] as const),
      )
      const y = conv(x, scope.tensor('weight'), { stride, padding: pads, dilation, groups })
      return bias ? y.add(scope.tensor('bias').reshape([outChannels, 1, 1])) : y
    },
  }
}

/** Zeros before and after so that the result has ⌈size / stride⌉ elements; the odd one goes after. */
function samePadding(
  size: number,
  kernel: number,
  stride: number,
  dilation: number,
): readonly [number, number] {
  const out = Math.ceil(size / stride)
  const total = Math.max(0, (out - 1) * stride + dilation * (kernel - 1) + 1 - size)
  return [Math.floor(total / 2), Math.ceil(total / 2)]
}
