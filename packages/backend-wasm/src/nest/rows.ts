import type { Affine, Guard } from '@stint/engine'
import type { Local } from '../asm/index.ts'
import type { NestCode } from './code.ts'
import type { Facts } from './facts.ts'
import { type Bound, forLoop, pushBound, spanLoops } from './loops.ts'
import { canSplit, neededExprs, openGuard, splitFacts } from './need.ts'
import type { Places } from './places.ts'
import { Values, type VectorGroup } from './values.ts'

/** A stretch of a row on which every guard either holds or fails, or a row whose guards are tested one by one. */
export interface Stretch {
  readonly places: Places
  readonly facts: Facts
  readonly roots: readonly number[]
  /** What the roots need here, in order. */
  readonly needed: readonly number[]
  readonly from: Bound
  readonly to: Bound
  /** False if guards are left open along the row: then only single elements can be computed. */
  readonly vectors: boolean
}

/** Rows along the vector axis, each in one or several stretches. */
export class Rows {
  readonly #code: NestCode
  readonly #roots: readonly number[]
  readonly #body: (stretch: Stretch) => void
  readonly #only: ((guard: Guard) => boolean) | undefined

  /**
   * `roots`: the expressions that `body` asks values of. Where `only` is given, guards that it does not accept are left
   * open.
   */
  constructor(
    code: NestCode,
    roots: readonly number[],
    body: (stretch: Stretch) => void,
    only?: (guard: Guard) => boolean,
  ) {
    this.#code = code
    this.#roots = roots
    this.#body = body
    this.#only = only
  }

  /** The row whose other indices `places` has bound, from `from` to before `to`. */
  emit(places: Places, facts: Facts, from: Bound, to: Bound): void {
    if (canSplit(this.#code.exprs, this.#roots, facts, this.#only)) this.#split(places, facts, from, to)
    else this.#leaf(places, facts, from, to)
  }

  #split(places: Places, facts: Facts, from: Bound, to: Bound): void {
    const guard = openGuard(this.#code.exprs, this.#roots, facts, this.#only)
    if (guard === undefined) this.#leaf(places, facts, from, to)
    else if (this.#isAlongRow(guard)) this.#cut(guard, places, facts, from, to)
    else this.#branch(guard, places, facts, from, to)
  }

  #isAlongRow({ at: { coefs } }: Guard): boolean {
    const { axis, domain } = this.#code
    return axis >= 0 && coefs[axis] !== 0 && domain[axis] !== 1
  }

  /** The guard is the same throughout the row. */
  #branch(guard: Guard, places: Places, facts: Facts, from: Bound, to: Bound): void {
    const { f } = this.#code
    const [below, inside, above] = splitFacts(guard, facts) as [Facts | null, Facts | null, Facts | null]
    const value = f.local('i32')
    places.pushAffine(guard.at)
    f.set(value)
    const go = (part: Facts | null): void => {
      if (part !== null) this.#split(places, part, from, to)
    }
    const under = (limit: number, then: () => void, otherwise: () => void): void => {
      f.get(value).i32(limit).op('i32.lt_s').if(then, otherwise)
    }
    const upper = (): void => {
      if (above === null) go(inside)
      else
        under(
          guard.high,
          () => go(inside),
          () => go(above),
        )
    }
    if (below === null) upper()
    else under(guard.low, () => go(below), upper)
    f.release(value)
  }

  /** The guard holds between two elements of the row. */
  #cut(guard: Guard, places: Places, facts: Facts, from: Bound, to: Bound): void {
    const { f, axis } = this.#code
    const step = guard.at.coefs[axis]!
    const rest: Affine = { offset: guard.at.offset, coefs: guard.at.coefs.with(axis, 0) }
    const [below, inside, above] = splitFacts(guard, facts) as [Facts | null, Facts | null, Facts | null]
    const [first, last] = step > 0 ? [below, above] : [above, below]
    // low ≤ rest + step·i < high
    const starts = (): void =>
      step > 0
        ? this.#ceilDiv(places, rest, guard.low, step)
        : this.#floorDiv(places, rest, guard.high, -step)
    const ends = (): void =>
      step > 0
        ? this.#ceilDiv(places, rest, guard.high, step)
        : this.#floorDiv(places, rest, guard.low, -step)
    const bounds: Local[] = []
    const bound = (push: () => void): Local => {
      push()
      const local = this.#clamped(from, to)
      bounds.push(local)
      return local
    }
    const start = first === null ? from : bound(starts)
    const end = last === null ? to : bound(ends)
    if (first !== null) this.#split(places, first, from, start)
    if (inside !== null) this.#split(places, inside, start, end)
    if (last !== null) this.#split(places, last, end, to)
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
    const { exprs } = this.#code
    const needed = neededExprs(exprs, this.#roots, facts)
    const vectors = openGuard(exprs, this.#roots, facts, g => this.#isAlongRow(g)) === undefined
    this.#body({ places, facts, roots: this.#roots, needed, from, to, vectors })
  }
}

/** The stretch's elements: `body` computes four or one, in order, from values that the row shares. */
export function stretchLoops(
  code: NestCode,
  { places, facts, roots, from, to, vectors }: Stretch,
  row: Values,
  unroll: number,
  body: (values: Values, lanes: 'four' | 'one') => void,
): void {
  const { f, axis } = code
  if (axis < 0) {
    const values = new Values(places, [row], { facts, lanes: 'one' })
    values.hoist(roots)
    body(values, 'one')
    values.release()
    return
  }
  const index = f.local('i32')
  const at = (lanes: 'four' | 'one', ahead: number, group?: VectorGroup): void => {
    const values = new Values(places, [row], { facts, lanes, ahead, index, ...(group && { group }) })
    values.hoist(roots)
    body(values, lanes)
    values.release()
  }
  const four = (vectors: number): void => {
    const shared: Local[] = []
    const own = (): Local => {
      const local = f.local('v128')
      shared.push(local)
      return local
    }
    const group = { vectors, known: new Map(), own }
    for (let k = 0; k < vectors; k++) at('four', 4 * k, group)
    f.release(...shared)
  }
  const one = (): void => at('one', 0)
  if (!vectors) forLoop(f, index, from, to, one)
  else spanLoops(f, index, from, to, unroll, four, one)
  f.release(index)
}
