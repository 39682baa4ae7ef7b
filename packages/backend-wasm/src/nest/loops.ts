import type { FunctionBuilder, Local } from '../asm/index.ts'

/** A number known when the code is generated, or one in a local at run time. */
export type Bound = number | Local

export function pushBound(f: FunctionBuilder, bound: Bound): FunctionBuilder {
  return typeof bound === 'number' ? f.i32(bound) : f.get(bound)
}

/** for (index = from; index < to; index += step) body(). The body must leave the index alone. */
export function forLoop(
  f: FunctionBuilder,
  index: Local,
  from: Bound,
  to: Bound,
  body: () => void,
  step = 1,
): void {
  pushBound(f, from).set(index)
  whileBelow(f, index, to, step, body)
}

/** while (index < to) { body(); index += step } */
export function whileBelow(
  f: FunctionBuilder,
  index: Local,
  to: Bound,
  step: number,
  body: () => void,
): void {
  f.get(index)
  pushBound(f, to)
    .op('i32.lt_s')
    .if(() => {
      f.loop(top => {
        body()
        f.increment(index, step).get(index)
        pushBound(f, to).op('i32.lt_s').brIf(top)
      })
    })
}

/**
 * The elements from `from` to before `to`: `four(n)` makes 4·n of them at a time from `index` on, `n` at most `unroll`,
 * then `one` those that are left.
 */
export function spanLoops(
  f: FunctionBuilder,
  index: Local,
  from: Bound,
  to: Bound,
  unroll: number,
  four: (vectors: number) => void,
  one: () => void,
): void {
  pushBound(f, from).set(index)
  const left = typeof from === 'number' && typeof to === 'number' ? to - from : undefined
  for (const n of unroll > 1 ? [unroll, 1] : [1]) {
    if (left !== undefined && (n === 1 && unroll > 1 ? left % (4 * unroll) : left) < 4 * n) continue
    const last = f.local('i32')
    if (typeof to === 'number') f.i32(to - 4 * n + 1)
    else
      f.get(to)
        .i32(4 * n - 1)
        .op('i32.sub')
    f.set(last)
    whileBelow(f, index, last, 4 * n, () => four(n))
    f.release(last)
  }
  if (left === undefined || left % 4 !== 0) whileBelow(f, index, to, 1, one)
}

/** The part of 0 … n − 1 that part `part` of `parts` does: bounds in new locals, multiples of `grain` but for the last. */
export function partOf(
  f: FunctionBuilder,
  { part, parts }: { readonly part: Local; readonly parts: Local },
  n: number,
  grain = 1,
): readonly [from: Local, to: Local] {
  const units = Math.ceil(n / grain)
  const bound = (next: number): Local => {
    const local = f.local('i32')
    f.get(part).op('i64.extend_i32_u')
    if (next > 0) f.i64(1n).op('i64.add')
    f.i64(BigInt(units)).op('i64.mul').get(parts).op('i64.extend_i32_u').op('i64.div_u').op('i32.wrap_i64')
    f.i32(grain).op('i32.mul').set(local)
    return local
  }
  const [from, to] = [bound(0), bound(1)]
  // The last unit may be short.
  if (units * grain !== n) f.i32(n).get(to).get(to).i32(n).op('i32.gt_s').op('select').set(to)
  return [from, to]
}
