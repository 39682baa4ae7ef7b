import type { CostTable, Expr, MapNest, ReduceNest, Reduction } from '@stint/engine'
import { bytesOf, type ElementwiseOp, isFloat, sizeOf, type Type } from '@stint/graph'
import { Facts } from './facts.ts'
import { neededExprs } from './need.ts'
import { storesEarly } from './reduce/early.ts'

/** Instructions on vectors that an op takes, where it is not one; functions, with what waits for what, as measured. */
const opWeights: { readonly [op in ElementwiseOp]?: number } = {
  atan2: 2000,
  bitsToUnit: 3,
  cast: 2,
  cos: 150,
  div: 5,
  erf: 75,
  exp: 33,
  expm1: 40,
  log: 55,
  log1p: 120,
  maximum: 8,
  minimum: 8,
  pow: 2000,
  reciprocal: 5,
  relu: 2,
  rsqrt: 10,
  sigmoid: 55,
  sign: 8,
  sin: 150,
  sqrt: 6,
  tanh: 45,
  where: 3,
}

/** Functions of f64 are called element by element. */
const scalarWeight = 1500

function weightOf(expr: Expr, vectorAxis: number): number {
  const wide = expr.dtype === 'f64' ? 2 : 1
  switch (expr.kind) {
    case 'load': {
      return memoryWeight(vectorAxis < 0 ? 0 : expr.at.coefs[vectorAxis]!) * wide
    }
    case 'apply': {
      const weight = opWeights[expr.op] ?? 1
      return wide === 2 && weight >= 33 ? scalarWeight : weight * wide
    }
    case 'random':
      return 50
    case 'iota':
      return 3
    default:
      return 0
  }
}

/** Elements apart are loaded one by one, and far apart each from a line of its own. */
function memoryWeight(step: number): number {
  const size = Math.abs(step)
  return size <= 1 ? 1 : size <= 16 ? 5 : 12
}

function reductionWeight({ op, dtype }: Reduction): number {
  if (op === 'sum' && isFloat(dtype)) return dtype === 'f64' ? 2 : 5
  return dtype === 'i32' || dtype === 'u32' ? 1 : 8
}

/** Whole ns of a nest: the work of its passes, or the bytes that it moves if they take longer. */
export function nestCost(
  nest: MapNest | ReduceNest,
  axis: number,
  types: readonly Type[],
  table: CostTable,
): number {
  const bytes = types.reduce((n, type) => n + bytesOf(type), 0) / table.bytes
  return Math.ceil(table.step + Math.max(bytes, nestWork(nest, axis) / (table.flop.vector ?? 32)))
}

/** Vector instructions of a nest with vectors along `axis`, counted by elements: a vector is four of them. */
export function nestWork(nest: MapNest | ReduceNest, axis: number): number {
  return passesOf(nest, axis).reduce((n, pass) => n + passWork(nest, axis, pass), 0)
}

/** What a row of a map takes besides its elements, a pass over the elements of a point, and the end of such a pass. */
const overheads = { row: 40, pass: 200, columns: 100 } as const

/** Roots that are computed in one pass, and the work with each of their elements besides. */
interface Pass {
  readonly roots: readonly number[]
  readonly work: number
  /** Axes below this are settled before. */
  readonly keep: number
}

function passesOf(nest: MapNest | ReduceNest, axis: number): Pass[] {
  const stores = (list: MapNest['stores'], keep: number): Pass[] => {
    const work = list.reduce((n, s) => n + memoryWeight(axis < 0 ? 0 : s.at.coefs[axis]!), 0)
    return list.length === 0 ? [] : [{ roots: list.map(s => s.expr), work, keep }]
  }
  if (nest.kind === 'map') return stores(nest.stores, 0)
  const stages = Array.from({ length: nest.stages }, (_, stage): Pass => {
    const list = nest.reductions.filter(r => r.stage === stage)
    return {
      roots: list.map(r => r.expr),
      work: list.reduce((n, r) => n + reductionWeight(r), 0),
      keep: nest.keep,
    }
  })
  const [elements] = stores(nest.perElement, nest.keep)
  if (elements === undefined) return stages
  if (axis < nest.keep || !storesEarly(nest)) return [...stages, elements]
  return stages.map((pass, i) => (i < nest.stages - 1 ? pass : { ...pass, work: pass.work + elements.work }))
}

/** Each expression as often as the innermost loop that it depends on turns, and what the loops take themselves. */
function passWork(nest: MapNest | ReduceNest, axis: number, { roots, work, keep }: Pass): number {
  const { domain, exprs } = nest
  const facts = new Facts(domain)
  const inner = axis < 0 ? 1 : domain[axis]!
  const rows = sizeOf(domain) / Math.max(1, inner)
  // What does not fill a vector takes as long as one.
  const points = rows * 4 * (Math.floor(inner / 4) + (inner % 4))
  let total = work * points
  const moves = exprs.map(() => 0)
  for (const e of neededExprs(exprs, roots, facts)) {
    const expr = exprs[e]!
    moves[e] = movesWith(expr, moves, axis, keep)
    total += weightOf(expr, axis) * (moves[e] === 2 ? points : moves[e] === 1 ? rows : 0)
  }
  if (nest.kind === 'map') return total + overheads.row * rows
  const kept = sizeOf(domain.slice(0, keep))
  if (axis < keep) return total + 3 * points + (overheads.columns / 4) * kept
  return total + overheads.pass * kept + overheads.row * (rows - kept)
}

/** 2 for a value that differs along vectors, or from one reduced element to the next; 1 from row to row; 0 not at all. */
function movesWith(expr: Expr, moves: readonly number[], axis: number, keep: number): number {
  const forms = expr.kind === 'load' || expr.kind === 'iota' || expr.kind === 'random' ? [expr.at.coefs] : []
  const own = forms.flatMap(coefs =>
    coefs.map((c, a) => (c === 0 ? 0 : a === axis || (a >= keep && axis < keep) ? 2 : a >= keep ? 1 : 0)),
  )
  const args = expr.kind === 'apply' ? expr.args : expr.kind === 'select' ? [expr.inside, expr.outside] : []
  return Math.max(0, ...own, ...args.map(a => moves[a]!))
}
