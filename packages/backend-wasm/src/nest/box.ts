import type { Elements } from '@stint/engine'
import type { DType } from '@stint/graph'
import type { FunctionBuilder, Local } from '../asm/index.ts'
import type { PhaseBuilder } from '../design.ts'
import { NestCode, type NestCodeOptions } from './code.ts'
import { Facts } from './facts.ts'
import { type Bound, forLoop, pushBound } from './loops.ts'
import { storeVector } from './memory.ts'
import { Places } from './places.ts'
import { Rows, type Stretch, stretchLoops } from './rows.ts'
import { Values } from './values.ts'

/** Where an expression is written: byte address of element 0 of the domain, and bytes from index to index of each axis. */
interface Output {
  readonly expr: number
  readonly dtype: DType
  readonly base: () => Local
  readonly offset: number
  readonly strides: readonly number[]
}

export interface Box {
  readonly elements: Elements
  /** Indices of each axis, from `from` to before `to`; the whole axis unless given. */
  readonly range?: readonly (readonly [from: Bound, to: Bound] | undefined)[]
  readonly outputs: readonly Output[]
  /** The axis that vectors lie along: the last one unless given. */
  readonly axis?: number
  /** Where the anchor's results lie, at the same indices. */
  readonly anchor?: NestCodeOptions['anchor']
}

/**
 * Generates loops that compute expressions over a box of their domain and write them. Nothing is written at a point
 * before all that the point needs is read.
 */
export function emitBox(b: PhaseBuilder, box: Box): void {
  const { domain } = box.elements
  const axis = box.axis ?? domain.length - 1
  const { outputs, anchor } = box
  const code = new NestCode(b, box.elements, { axis, outputs, ...(anchor && { anchor }) })
  const roots = outputs.map(o => o.expr)
  const first = code.exprs.length
  const range = (a: number): readonly [Bound, Bound] => box.range?.[a] ?? [0, domain[a]!]
  const rows = new Rows(code, roots, stretch => boxStretch(code, stretch, outputs, first))
  const indices = new Map<number, Local>()
  const nest = (axes: readonly number[], body: () => void): void => {
    const [a, ...rest] = axes
    if (a === undefined) {
      body()
      return
    }
    const index = b.f.local('i32')
    indices.set(a, index)
    const [from, to] = range(a)
    forLoop(b.f, index, from, to, () => nest(rest, body))
    b.f.release(index)
  }
  const row = (from: Bound, to: Bound): void =>
    rows.emit(new Places(code, null, indices), new Facts(domain), from, to)
  const outer = domain.map((_, a) => a).filter(a => a !== axis)
  const [from, to] = axis < 0 ? ([0, 1] as const) : range(axis)
  const tile = axisToTile(box.elements, axis)
  if (tile < 0) nest(outer, () => row(from, to))
  else
    tiles(b.f, from, to, (first, last) =>
      nest([...outer.filter(a => a !== tile), tile], () => row(first, last)),
    )
}

/** Elements along vectors that are read from as many cache lines, for several rows before the next ones. */
const tileElements = 32

/**
 * An outer axis along which neighbours are read that lie far apart along vectors, as in a transposition: with short
 * rows along it, each cache line is used up before it is gone. −1 if there is none.
 */
function axisToTile({ domain, exprs }: Elements, axis: number): number {
  if (axis < 0 || domain[axis]! <= tileElements) return -1
  for (const expr of exprs) {
    if (expr.kind !== 'load' || Math.abs(expr.at.coefs[axis]!) <= 16) continue
    const near = expr.at.coefs.findIndex((c, a) => a !== axis && Math.abs(c) === 1 && domain[a]! >= 8)
    if (near >= 0) return near
  }
  return -1
}

/** Cuts a range into pieces. */
function tiles(f: FunctionBuilder, from: Bound, to: Bound, body: (from: Local, to: Local) => void): void {
  const [first, last] = [f.local('i32'), f.local('i32')]
  forLoop(
    f,
    first,
    from,
    to,
    () => {
      f.get(first).i32(tileElements).op('i32.add').tee(last)
      pushBound(f, to).get(last)
      pushBound(f, to).op('i32.lt_s').op('select').set(last)
      body(first, last)
    },
    tileElements,
  )
  f.release(first, last)
}

function boxStretch(code: NestCode, stretch: Stretch, outputs: readonly Output[], first: number): void {
  const { facts, needed, roots } = stretch
  const places = stretch.places.branch()
  places.locate([...needed, ...outputs.map((_, i) => first + i)])
  const row = new Values(places, [], { facts, lanes: 'same' })
  row.hoist(roots)
  stretchLoops(code, { ...stretch, places }, row, unrollOf(code, needed), (values, lanes) => {
    const results = outputs.map(o => values.value(o.expr))
    for (const [i, result] of results.entries()) storeVector(code.f, result, values.place(first + i), lanes)
  })
  row.release()
  places.release()
}

/** Vectors a turn: several where little is done to each, and where random bits come sixteen at a time. */
function unrollOf({ exprs, axis }: NestCode, needed: readonly number[]): number {
  const drawn = needed.some(e => {
    const expr = exprs[e]!
    return expr.kind === 'random' && axis >= 0 && expr.at.coefs[axis] === 1
  })
  return drawn || needed.length <= 6 ? 4 : needed.length <= 16 ? 2 : 1
}
