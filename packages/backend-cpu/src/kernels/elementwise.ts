import { type DType, type ElementwiseOp, isInteger, math, opDef } from '@stint/graph'
import type { Lanes } from './lanes.ts'

/** z[c + i] = f(x[a + i], y[b + i], w[d + i]) for i < n; an op takes as many of x, y, w as it has inputs. */
export type Loop = (
  n: number,
  z: Lanes,
  c: number,
  x: Lanes,
  a: number,
  y: Lanes,
  b: number,
  w: Lanes,
  d: number,
) => void

/** The loop of an op from elements of these dtypes to elements of that one. */
export function loopOf(op: ElementwiseOp, from: readonly DType[], to: DType): Loop {
  if (op === 'cast') return casts[to]
  if (op === 'where' || op === 'stopGradient') return loops[op]
  return isInteger(to) ? wrapped(op, from, to) : loops[op]
}

const wraps: { readonly [dtype: string]: (x: number) => number } = {
  i32: x => x | 0,
  u32: x => x >>> 0,
  u8: x => x & 255,
}

/** An op with an integer result, by its scalar meaning: seldom hot, so one loop does for all. */
function wrapped(op: ElementwiseOp, from: readonly DType[], to: DType): Loop {
  const { scalar, integer } = opDef(op)
  const f = ((from.every(isInteger) ? integer : undefined) ?? scalar) as (...x: number[]) => number
  const wrap = wraps[to]!
  return from.length === 1
    ? (n, z, c, x, a) => {
        for (let i = 0; i < n; i++) z[c + i] = wrap(f(x[a + i]!))
      }
    : from.length === 2
      ? (n, z, c, x, a, y, b) => {
          for (let i = 0; i < n; i++) z[c + i] = wrap(f(x[a + i]!, y[b + i]!))
        }
      : (n, z, c, x, a, y, b, w, d) => {
          for (let i = 0; i < n; i++) z[c + i] = wrap(f(x[a + i]!, y[b + i]!, w[d + i]!))
        }
}

const copy: Loop = (n, z, c, x, a) => {
  for (let i = 0; i < n; i++) z[c + i] = x[a + i]!
}

const casts: { readonly [D in DType]: Loop } = {
  f32: copy,
  f64: copy,
  i32: (n, z, c, x, a) => {
    for (let i = 0; i < n; i++) z[c + i] = x[a + i]! | 0
  },
  u32: (n, z, c, x, a) => {
    for (let i = 0; i < n; i++) z[c + i] = x[a + i]! >>> 0
  },
  u8: (n, z, c, x, a) => {
    for (let i = 0; i < n; i++) z[c + i] = x[a + i]! & 255
  },
  bool: (n, z, c, x, a) => {
    for (let i = 0; i < n; i++) z[c + i] = +(x[a + i]! !== 0)
  },
}

/** The nearest whole number, ties to even. */
const round = opDef('round').scalar as (x: number) => number

/**
 * Every elementwise op over floats and bools: computed in f64, rounded once by the store. A loop of its own for each,
 * for the engine to specialize. Signs of activations cannot be predicted, so the loops that ask for them do not branch:
 * that takes a third of the time.
 */
const loops: { readonly [K in ElementwiseOp]: Loop } = {
  abs(n, z, c, x, a) {
    for (let i = 0; i < n; i++) z[c + i] = Math.abs(x[a + i]!)
  },
  add(n, z, c, x, a, y, b) {
    for (let i = 0; i < n; i++) z[c + i] = x[a + i]! + y[b + i]!
  },
  and(n, z, c, x, a, y, b) {
    for (let i = 0; i < n; i++) z[c + i] = x[a + i]! & y[b + i]!
  },
  atan2(n, z, c, x, a, y, b) {
    for (let i = 0; i < n; i++) z[c + i] = math.atan2(x[a + i]!, y[b + i]!)
  },
  bitsToUnit(n, z, c, x, a) {
    for (let i = 0; i < n; i++) z[c + i] = (x[a + i]! >>> 8) / 16777216
  },
  cast: copy,
  ceil(n, z, c, x, a) {
    for (let i = 0; i < n; i++) z[c + i] = Math.ceil(x[a + i]!)
  },
  cos(n, z, c, x, a) {
    for (let i = 0; i < n; i++) z[c + i] = math.cos(x[a + i]!)
  },
  div(n, z, c, x, a, y, b) {
    for (let i = 0; i < n; i++) z[c + i] = x[a + i]! / y[b + i]!
  },
  eq(n, z, c, x, a, y, b) {
    for (let i = 0; i < n; i++) z[c + i] = +(x[a + i]! === y[b + i]!)
  },
  erf(n, z, c, x, a) {
    for (let i = 0; i < n; i++) z[c + i] = math.erf(x[a + i]!)
  },
  exp(n, z, c, x, a) {
    for (let i = 0; i < n; i++) z[c + i] = math.exp(x[a + i]!)
  },
  expm1(n, z, c, x, a) {
    for (let i = 0; i < n; i++) z[c + i] = math.expm1(x[a + i]!)
  },
  floor(n, z, c, x, a) {
    for (let i = 0; i < n; i++) z[c + i] = Math.floor(x[a + i]!)
  },
  le(n, z, c, x, a, y, b) {
    for (let i = 0; i < n; i++) z[c + i] = +(x[a + i]! <= y[b + i]!)
  },
  log(n, z, c, x, a) {
    for (let i = 0; i < n; i++) z[c + i] = math.log(x[a + i]!)
  },
  log1p(n, z, c, x, a) {
    for (let i = 0; i < n; i++) z[c + i] = math.log1p(x[a + i]!)
  },
  lt(n, z, c, x, a, y, b) {
    for (let i = 0; i < n; i++) z[c + i] = +(x[a + i]! < y[b + i]!)
  },
  maximum(n, z, c, x, a, y, b) {
    for (let i = 0; i < n; i++) z[c + i] = Math.max(x[a + i]!, y[b + i]!)
  },
  minimum(n, z, c, x, a, y, b) {
    for (let i = 0; i < n; i++) z[c + i] = Math.min(x[a + i]!, y[b + i]!)
  },
  mul(n, z, c, x, a, y, b) {
    for (let i = 0; i < n; i++) z[c + i] = x[a + i]! * y[b + i]!
  },
  ne(n, z, c, x, a, y, b) {
    for (let i = 0; i < n; i++) z[c + i] = +(x[a + i]! !== y[b + i]!)
  },
  neg(n, z, c, x, a) {
    for (let i = 0; i < n; i++) z[c + i] = -x[a + i]!
  },
  not(n, z, c, x, a) {
    for (let i = 0; i < n; i++) z[c + i] = 1 - x[a + i]!
  },
  or(n, z, c, x, a, y, b) {
    for (let i = 0; i < n; i++) z[c + i] = x[a + i]! | y[b + i]!
  },
  pow(n, z, c, x, a, y, b) {
    for (let i = 0; i < n; i++) z[c + i] = math.pow(x[a + i]!, y[b + i]!)
  },
  reciprocal(n, z, c, x, a) {
    for (let i = 0; i < n; i++) z[c + i] = 1 / x[a + i]!
  },
  relu(n, z, c, x, a) {
    for (let i = 0; i < n; i++) {
      const v = x[a + i]!
      const twice = v + Math.abs(v)
      z[c + i] = twice - twice === 0 ? twice * 0.5 : Math.max(v, 0)
    }
  },
  round(n, z, c, x, a) {
    for (let i = 0; i < n; i++) z[c + i] = round(x[a + i]!)
  },
  rsqrt(n, z, c, x, a) {
    for (let i = 0; i < n; i++) z[c + i] = 1 / Math.sqrt(x[a + i]!)
  },
  sigmoid(n, z, c, x, a) {
    for (let i = 0; i < n; i++) z[c + i] = math.sigmoid(x[a + i]!)
  },
  sign(n, z, c, x, a) {
    for (let i = 0; i < n; i++) z[c + i] = Math.sign(x[a + i]!)
  },
  sin(n, z, c, x, a) {
    for (let i = 0; i < n; i++) z[c + i] = math.sin(x[a + i]!)
  },
  sqrt(n, z, c, x, a) {
    for (let i = 0; i < n; i++) z[c + i] = Math.sqrt(x[a + i]!)
  },
  square(n, z, c, x, a) {
    for (let i = 0; i < n; i++) z[c + i] = x[a + i]! * x[a + i]!
  },
  stopGradient: copy,
  sub(n, z, c, x, a, y, b) {
    for (let i = 0; i < n; i++) z[c + i] = x[a + i]! - y[b + i]!
  },
  tanh(n, z, c, x, a) {
    for (let i = 0; i < n; i++) z[c + i] = math.tanh(x[a + i]!)
  },
  where(n, z, c, x, a, _, b, w, d) {
    // Both are in one array, as all lanes of a dtype are.
    const there = b - d
    for (let i = 0; i < n; i++) z[c + i] = w[(d + i + x[a + i]! * there) | 0]!
  },
}
