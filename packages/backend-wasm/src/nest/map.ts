import { inPlacePairs, type Kernel, type MapNest } from '@stint/engine'
import { dtypeBytes, type Shape, sizeOf } from '@stint/graph'
import type { DesignContext, KernelDesign, Phase } from '../design.ts'
import { emitBox } from './box.ts'
import { nestCost, nestWork } from './cost.ts'
import { partOf } from './loops.ts'

/** Elements in a row that one part does: whole cache lines of bytes. */
const grain = 64

/** Elementwise work alone: one phase, split over points. */
export function designMap(kernel: Kernel, nest: MapNest, { target }: DesignContext): KernelDesign {
  return {
    operandAlign: kernel.operands.map(type => dtypeBytes(type.dtype)),
    variants: [
      {
        workspaceBytes: 0,
        cost: nestCost(
          nest,
          vectorAxis(nest),
          [...kernel.operands, ...kernel.results.map(r => r.type)],
          target.costs,
        ),
        inPlace: inPlacePairs(kernel, nest),
        phases: sizeOf(nest.domain) === 0 ? [] : [mapPhase(kernel, nest)],
      },
    ],
  }
}

function mapPhase(kernel: Kernel, nest: MapNest): Phase {
  const { domain } = nest
  const split = axisToSplit(domain)
  const axis = vectorAxis(nest)
  return b => {
    const range =
      split < 0
        ? []
        : domain
            .with(split, 0)
            .map((_, a) => (a === split ? partOf(b.f, b, domain[a]!, grainOf(domain, a)) : undefined))
    const outputs = nest.stores.map(({ expr, dtype, at, result }) => {
      const bytes = dtypeBytes(dtype)
      return {
        expr,
        dtype,
        base: () => b.arg(kernel.operands.length + result),
        offset: bytes * at.offset,
        strides: at.coefs.map(c => bytes * c),
      }
    })
    if (split >= 0) emitBox(b, { elements: nest, range, outputs, axis })
    else
      b.f
        .get(b.part)
        .op('i32.eqz')
        .if(() => emitBox(b, { elements: nest, outputs, axis }))
  }
}

/** The axis that vectors lie along: the last one, unless another takes less work. */
function vectorAxis(nest: MapNest): number {
  let [best, least] = [nest.domain.length - 1, Number.POSITIVE_INFINITY]
  for (let axis = best; axis >= 0; axis--) {
    const work = nestWork(nest, axis)
    if (work < least) [best, least] = [axis, work]
  }
  return best
}

/** The axis to share between parts: the outermost that is long enough, or the longest; −1 for a point. */
export function axisToSplit(domain: Shape): number {
  const long = domain.findIndex((n, a) => n >= (a === domain.length - 1 ? 1024 : 32))
  return long >= 0 ? long : domain.indexOf(Math.max(...domain))
}

function grainOf(domain: Shape, axis: number): number {
  return axis === domain.length - 1 && domain[axis]! >= 16 * grain ? grain : 1
}
