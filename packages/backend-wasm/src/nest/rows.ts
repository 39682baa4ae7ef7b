import type { Affine, Guard } from '@stint/engine'
import type { Local } from '../asm/index.ts'
import { type NestCode, type Places, Values } from './code.ts'
import type { Facts } from './facts.ts'
import { type Bound, forLoop, pushBound, spanLoops } from './loops.ts'

/** The most code, in expressions, that a row is split into where guards differ along it. */
const maxSplit = 4000

/** A stretch of a row on which every guard either holds or fails, or a row whose guards are tested one by one. */
export interface Stretch {
  readonly places: Places
  readonly facts: Facts
  /** What the roots need here, in order. */
  readonly needed: readonly number[]
  readonly from: Bound
  readonly to: Bound
  /** False if guards are left open: then only single elements can be computed. */
  readonly vectors: boolean
}

/** Rows along the vector axis, each in one or several stretches. */
export class Rows {
  readonly #code: NestCode
  readonly #roots: readonly number[]
  readonly #body: (stretch: Stretch) => void

  /** `roots`: the expressions that `body` asks values of. */
  constructor(code: NestCode, roots: readonly number[], body: (stretch: Stretch) => void) {
    this.#code = code
    this.#roots = roots
    this.#body = body
  }

  /** The row whose other indices `places` has bound, from `from` to before `to`. */
  emit(places: Places, facts: Facts, from: Bound, to: Bound): void {
    if (this.#size(facts) > maxSplit) this.#leaf(places, facts, from, to)
    else this.#split(places, facts, from, to)
  }

  /** Expressions of all stretches together. */
  #size(facts: Facts, total = 0): number {
    const guard = this.#code.openGuard(this.#roots, facts)
    if (guard === undefined) return total + this.#code.needed(this.#roots, facts).length + 8
    let size = total
    for (const part of splitFacts(guard, facts)) {
      size = this.#size(part, size)
      if (size > maxSplit) return size
    }
    return size
  }

  #split(places: Places, facts: Facts, from: Bound, to: Bound): void {
    const guard = this.#code.openGuard(this.#roots, facts)
    if (guard === undefined) this.#leaf(places, facts, from, to)
    else if (this.#alongRow(guard.at)) this.#cut(guard, places, facts, from, to)
    else this.#branch(guard, places, facts, from, to)
  }

  #alongRow({ coefs }: Affine): boolean {
    const { axis, domain } = this.#code
    return axis >= 0 && coefs[axis] !== 0 && domain[axis] !== 1
  }

  /** The guard is the same throughout the row. */
  #branch(guard: Guard, places: Places, facts: Facts, from: Bound, to: Bound): void {
    const { f } = this.#code
    const { at, low, high } = guard
    const [below, inside, above] = splitFacts(guard, facts)
    const value = f.local('i32')
    places.pushAffine(at)
    f.set(value)
    const go = (part: Facts): void => {
      const [least, greatest] = part.interval(at)
      if (least <= greatest) this.#split(places, part, from, to)
    }
    const [some, more] = [below, above].map(part => isPossible(part!, at)) as [boolean, boolean]
    f.get(value).i32(low).op('i32.lt_s')
    if (some)
      f.if(
        () => go(below!),
        () => upper(),
      )
    else {
      f.op('drop')
      upper()
    }
    function upper(): void {
      if (!more) {
        go(inside!)
        return
      }
      f.get(value)
        .i32(high)
        .op('i32.lt_s')
        .if(
          () => go(inside!),
          () => go(above!),
        )
    }
    f.release(value)
  }

  /** The guard holds between two elements of the row. */
  #cut(guard: Guard, places: Places, facts: Facts, from: Bound, to: Bound): void {
    const { f, axis } = this.#code
    const step = guard.at.coefs[axis]!
    const { offset, coefs } = guard.at
    const rest: Affine = { offset, coefs: coefs.with(axis, 0) }
    const [below, inside, above] = splitFacts(guard, facts) as [Facts, Facts, Facts]
    const [first, last] = step > 0 ? [below, above] : [above, below]
    // low ≤ rest + step·i < high
    const bounds = (
      step > 0
        ? [
            () => this.#ceilDiv(places, rest, guard.low, step),
            () => this.#ceilDiv(places, rest, guard.high, step),
          ]
        : [
            () => this.#floorDiv(places, rest, guard.high, -step),
            () => this.#floorDiv(places, rest, guard.low, -step),
          ]
    ).map(push => {
      push()
      return this.#clamped(from, to)
    }) as [Local, Local]
    if (isPossible(first, guard.at)) this.#split(places, first, from, bounds[0])
    if (isPossible(inside, guard.at))
      this.#split(
        places,
        inside,
        isPossible(first, guard.at) ? bounds[0] : from,
        isPossible(last, guard.at) ? bounds[1] : to,
      )
    if (isPossible(last, guard.at)) this.#split(places, last, bounds[1], to)
    f.release(...bounds)
  }

  /** Pushes ⌈(limit − rest) / step⌉. */
  #ceilDiv(places: Places, rest: Affine, limit: number, step: number): void {
    const { f } = this.#code
    f.i32(limit + step - 1)
    places.pushAffine(rest)
    f.op('i32.sub')
    this.#floor(step)
  }

  /** Pushes ⌊(rest − limit) / step⌋ + 1. */
  #floorDiv(places: Places, rest: Affine, limit: number, step: number): void {
    const { f } = this.#code
    places.pushAffine(rest)
    f.i32(limit).op('i32.sub')
    this.#floor(step)
    f.i32(1).op('i32.add')
  }

  /** Divides the i32 on the stack by a constant, down to the next whole number. */
  #floor(step: number): void {
    if (step === 1) return
    const { f } = this.#code
    const x = f.local('i32')
    f.tee(x)
      .get(x)
      .i32(31)
      .op('i32.shr_s')
      .i32(step - 1)
      .op('i32.and')
      .op('i32.sub')
    f.i32(step).op('i32.div_s').release(x)
  }

  /** The i32 on the stack, between `from` and `to`, in a new local. */
  #clamped(from: Bound, to: Bound): Local {
    const { f } = this.#code
    const x = f.local('i32')
    f.set(x)
    f.get(x)
    pushBound(f, from).get(x)
    pushBound(f, from).op('i32.gt_s').op('select').set(x)
    f.get(x)
    pushBound(f, to).get(x)
    pushBound(f, to).op('i32.lt_s').op('select').set(x)
    return x
  }

  #leaf(places: Places, facts: Facts, from: Bound, to: Bound): void {
    const code = this.#code
    const needed = code.needed(this.#roots, facts)
    const vectors = code.openGuard(this.#roots, facts) === undefined
    this.#body({ places, facts, needed, from, to, vectors })
  }
}

function isPossible(facts: Facts, at: Affine): boolean {
  const [least, greatest] = facts.interval(at)
  return least <= greatest
}

/** What is known below, inside and above the guard's bounds. */
function splitFacts({ at, low, high }: Guard, facts: Facts): Facts[] {
  const infinite = Number.MAX_SAFE_INTEGER
  return [facts.with(at, -infinite, low - 1), facts.with(at, low, high - 1), facts.with(at, high, infinite)]
}

/** The stretch's elements: `body` computes four or one, in order, from values that the row shares. */
export function stretchLoops(
  code: NestCode,
  { places, facts, needed, from, to, vectors }: Stretch,
  row: Values,
  unroll: number,
  body: (values: Values, lanes: 'four' | 'one') => void,
): void {
  const { f, axis } = code
  if (axis < 0) {
    const values = new Values(places, [row], { facts, lanes: 'one' })
    values.hoist(needed)
    body(values, 'one')
    values.release()
    return
  }
  const index = f.local('i32')
  const at = (lanes: 'four' | 'one', ahead: number): void => {
    const values = new Values(places, [row], { facts, lanes, ahead, index })
    values.hoist(needed)
    body(values, lanes)
    values.release()
  }
  const one = (): void => at('one', 0)
  if (!vectors) forLoop(f, index, from, to, one)
  else
    spanLoops(
      f,
      index,
      from,
      to,
      unroll,
      n => {
        for (let k = 0; k < n; k++) at('four', 4 * k)
      },
      one,
    )
  f.release(index)
}
