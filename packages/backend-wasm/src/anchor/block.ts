import type { Expr } from '@stint/engine'
import { dtypeBytes, type Shape } from '@stint/graph'
import type { Local } from '../asm/index.ts'
import type { PhaseBuilder } from '../design.ts'
import { emitBox } from '../nest/box.ts'
import { nestWork } from '../nest/cost.ts'
import type { Bound } from '../nest/loops.ts'
import { eachBox, type Grouped, type Range } from './groups.ts'

/** Flat indices `start` to before `start + count` of a group of axes; multiples of `unit`, save for the end. */
export interface Span {
  readonly start: Local
  readonly count: Bound
  readonly unit: number
}

/** A block in memory: the address of its first element, and bytes from index to index of each group. */
interface BlockPlace {
  readonly at: Local
  readonly strides: readonly number[]
}

/** Expressions over one span of each group of axes. */
export interface Block {
  readonly grouped: Grouped
  readonly spans: readonly Span[]
  /** Where the anchor's result lies. */
  readonly anchor?: BlockPlace
  /** An expression to write to the block. */
  readonly into?: { readonly expr: number; readonly place: BlockPlace }
  /** The results' place among the arguments: what the stores write to. */
  readonly firstResult?: number
  /** The axis that vectors lie along. */
  readonly axis?: number
}

/** Generates the loops that compute and write a block. */
export function emitBlock(b: PhaseBuilder, block: Block): void {
  const { grouped, spans, into, firstResult } = block
  const { elements, stores, groups } = grouped
  const { domain } = elements
  const anchor = block.anchor && placed(b, block.anchor, block)
  const own = into && placed(b, into.place, block)
  const outputs = [
    ...(into === undefined || own === undefined
      ? []
      : [
          {
            expr: into.expr,
            dtype: elements.exprs[into.expr]!.dtype,
            base: () => own.base,
            offset: 0,
            strides: own.strides,
          },
        ]),
    ...(firstResult === undefined
      ? []
      : stores.map(({ expr, dtype, at, result }) => ({
          expr,
          dtype,
          base: () => b.arg(firstResult + result),
          offset: dtypeBytes(dtype) * at.offset,
          strides: at.coefs.map(c => dtypeBytes(dtype) * c),
        }))),
  ]
  const range: Range[] = domain.map(size => [0, size])
  const nest = (g: number): void => {
    const group = groups[g]
    if (group === undefined) {
      emitBox(b, {
        elements,
        range: [...range],
        outputs,
        ...(block.axis !== undefined && { axis: block.axis }),
        ...(anchor && { anchor: () => anchor }),
      })
      return
    }
    const { start, count, unit } = spans[g]!
    const sizes: Shape = group.map(a => domain[a]!)
    eachBox(b.f, sizes, start, count, unit, ranges => {
      for (const [i, a] of group.entries()) range[a] = ranges[i]!
      nest(g + 1)
    })
  }
  nest(0)
  if (anchor) b.f.release(anchor.base)
  if (own) b.f.release(own.base)
}

/** Address of the domain's element 0, had the block begun there, and the strides of the domain's axes. */
function placed(
  { f }: PhaseBuilder,
  { at, strides }: BlockPlace,
  { grouped: { elements, groups }, spans }: Block,
): { base: Local; strides: number[] } {
  const base = f.local('i32')
  f.get(at)
  for (const [g, stride] of strides.entries())
    if (stride !== 0) f.get(spans[g]!.start).i32(stride).op('i32.mul').op('i32.sub')
  f.set(base)
  const list = elements.domain.map(() => 0)
  for (const [g, group] of groups.entries()) {
    let step = strides[g]!
    for (const a of group.toReversed()) {
      list[a] = step
      step *= elements.domain[a]!
    }
  }
  return { base, strides: list }
}

/** Operations an element, roughly: what computing it costs. */
export function workOf(exprs: readonly Expr[]): number {
  return exprs.reduce((n, e) => n + (e.kind !== 'apply' ? 0.3 : heavy.has(e.op) ? 12 : 0.5), 0)
}

const heavy = new Set([
  'exp',
  'log',
  'tanh',
  'erf',
  'sigmoid',
  'pow',
  'sin',
  'cos',
  'expm1',
  'log1p',
  'atan2',
])

/**
 * The axis, among those of some groups, along which writing an expression takes least work; `step` gives the elements
 * between neighbours where it is written. The last axis if none is long.
 */
export function bestAxis(
  { elements: { domain, exprs }, groups }: Grouped,
  { expr, among, step }: { expr: number; among: readonly number[]; step: (group: number) => number },
): number {
  const work = (group: number, axis: number): number => {
    const at = { offset: 0, coefs: domain.map((_, a) => (a === axis ? step(group) : 0)) }
    const store = { result: 0, expr, at, dtype: exprs[expr]!.dtype }
    return nestWork({ kind: 'map', domain, exprs, stores: [store] }, axis)
  }
  let best = domain.length - 1
  let least = Number.POSITIVE_INFINITY
  for (const group of among)
    for (const axis of groups[group]!) {
      const own = work(group, axis)
      if (own <= least) [best, least] = [axis, own]
    }
  return best
}
