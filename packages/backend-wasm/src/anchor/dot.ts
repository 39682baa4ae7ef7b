import { type AnchorNest, inPlacePairs, type Kernel, type Store, UnsupportedKernel } from '@stint/engine'
import { type DotAttrs, dotAxes, dtypeBytes, sizeOf, stridesOf, type Type } from '@stint/graph'
import type { Local } from '../asm/index.ts'
import { costOf } from '../costs.ts'
import type { DesignContext, KernelDesign, PhaseBuilder } from '../design.ts'
import { emitDot, type Finished } from './dot-phase.ts'
import { planDot } from './dot-plan.ts'
import { forRange, plus, times } from './emit.ts'
import type { Lane } from './lane.ts'
import { matrixOf } from './matrix.ts'
import { storePart } from './pack.ts'
import { type View, viewOf } from './views.ts'

/** A general contraction: batched, over any axes in any order, with what is computed before and after it. */
export function designDot(kernel: Kernel, nest: AnchorNest, context: DesignContext): KernelDesign {
  const { node, sources } = nest
  const attrs = node.attrs as unknown as DotAttrs
  const [x, y] = sources.map(s => viewOf(kernel, s)) as [View, View]
  const result = bareResult(nest)
  if (x.kind !== 'strided' || y.kind !== 'strided' || result === null)
    throw new UnsupportedKernel('wasm', node.op, kernel.signature)
  const { freeLeft, freeRight } = dotAxes(attrs, x.shape, y.shape)
  const count = ({ shape }: View, axes: readonly number[]): number => sizeOf(axes.map(a => shape[a]!))
  const [{ dtype }] = node.types as [Type]
  const plan = planDot(
    {
      dtype: dtype as 'f32' | 'f64',
      batches: count(x, attrs.batch[0]),
      m: count(x, freeLeft),
      n: count(y, freeRight),
      k: count(x, attrs.contract[0]),
      left: matrixOf(x, attrs.batch[0], freeLeft, attrs.contract[0]),
      right: matrixOf(y, attrs.batch[1], freeRight, attrs.contract[1]),
    },
    true,
    context.target.threads,
  )
  const place = kernel.operands.length + result
  const phase = (b: PhaseBuilder): void => {
    emitDot(b, plan, {
      left: () => b.f.get(b.arg(x.operand)),
      right: () => b.f.get(b.arg(y.operand)),
      result: () => b.f.get(b.arg(place)),
      workspace: () => pushPart(b, plan.partBytes),
      finish: sums => copySums(b, plan.lane, plan.m, plan.n, b.arg(place), sums),
    })
  }
  return {
    operandAlign: kernel.operands.map(t => dtypeBytes(t.dtype)),
    variants: [
      {
        workspaceBytes: plan.partBytes * context.target.threads,
        cost: costOf(kernel, context.target.costs),
        inPlace: inPlacePairs(kernel, nest),
        phases: [phase],
      },
    ],
  }
}

/** Pushes the address of this part's workspace. */
export function pushPart(b: PhaseBuilder, partBytes: number): void {
  if (partBytes === 0) b.f.i32(0)
  else times(b.f.get(b.workspace()).get(b.part), partBytes).op('i32.add')
}

/** The result that is the anchor itself, where nothing else is computed; null otherwise. */
export function bareResult({ epilogue: { domain, exprs }, stores }: AnchorNest): number | null {
  const [store, ...more] = stores as [Store, ...Store[]]
  const strides = stridesOf(domain)
  const dense = store.at.offset === 0 && store.at.coefs.every((c, i) => domain[i] === 1 || c === strides[i])
  return more.length === 0 && exprs[store.expr]!.kind === 'anchor' && dense ? store.result : null
}

/** Copies finished sums to a dense result [batch, m, n]. */
function copySums(b: PhaseBuilder, lane: Lane, m: number, n: number, result: Local, sums: Finished): void {
  const { f } = b
  const columns = sums.columns as number
  const [to, from, r] = [f.local('i32'), f.local('i32'), f.local('i32')]
  const vector = f.local('v128')
  times(f.get(sums.batch), m).get(sums.row).op('i32.add')
  times(times(f, n).get(sums.column).op('i32.add'), lane.bytes)
  f.get(result).op('i32.add').set(to)
  f.get(sums.sums).set(from)
  forRange(f, r, sums.rows, () => {
    for (let j = 0; j < columns; j += lane.count) {
      f.get(from)
        .mem('v128.load', j * lane.bytes)
        .set(vector)
      storePart(f, lane, to, j * lane.bytes, columns - j, vector)
    }
    plus(f.get(to), n * lane.bytes).set(to)
    plus(f.get(from), sums.sumsRow).set(from)
  })
  f.release(to, from, r, vector)
}
