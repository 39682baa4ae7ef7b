import type { Local } from '../../asm/index.ts'
import type { NestCode } from '../code.ts'
import { Facts } from '../facts.ts'
import { type Bound, forLoop, pushBound, whileBelow } from '../loops.ts'
import type { Places } from '../places.ts'
import { Rows, type Stretch, stretchLoops } from '../rows.ts'
import { Values } from '../values.ts'
import type { LaneMasks } from './accumulator.ts'

/** Reduced elements of a point, by their row-major number: the whole of them, or from `from` to before `to`. */
export type Range = 'all' | readonly [from: Local, to: Local]

/** Walks reduced elements of one point at a time: rows along the vector axis, which is the last reduced one. */
export class RowSweep {
  readonly #code: NestCode
  readonly #outer: readonly number[]
  readonly #length: number

  constructor(code: NestCode, keep: number) {
    this.#code = code
    const { domain, axis } = code
    this.#outer = domain.map((_, a) => a).filter(a => a >= keep && a !== axis)
    this.#length = axis < 0 ? 1 : domain[axis]!
  }

  /**
   * `add` is given four elements, `addOne` single ones; which lane these belong to matters only with `lanes`. Both may
   * write to the accesses `writes`.
   */
  fold(
    range: Range,
    point: Places,
    values: Values,
    roots: readonly number[],
    writes: readonly number[],
    lanes: boolean,
    add: (values: Values) => void,
    addOne: (values: Values, masks: LaneMasks) => void,
  ): void {
    this.#rows(range, point, roots, writes, (stretch, start) =>
      this.#foldStretch(stretch, start, values, lanes, add, addOne),
    )
  }

  /** `body` computes four elements or one, in any order, and writes to the accesses `writes`. */
  each(
    range: Range,
    point: Places,
    values: Values,
    roots: readonly number[],
    writes: readonly number[],
    unroll: number,
    body: (values: Values, lanes: 'four' | 'one') => void,
  ): void {
    this.#rows(range, point, roots, writes, stretch => {
      const row = this.#rowValues(stretch, values)
      stretchLoops(this.#code, stretch, row, unroll, body)
      row.release()
    })
  }

  /** Calls `body` for every stretch of every row; `start` is the number of the row's element 0. */
  #rows(
    range: Range,
    point: Places,
    roots: readonly number[],
    writes: readonly number[],
    body: (stretch: Stretch, start: Bound) => void,
  ): void {
    const { f, domain } = this.#code
    const facts = new Facts(domain)
    const row = (places: Places, start: Bound, from: Bound, to: Bound): void =>
      new Rows(this.#code, roots, stretch => {
        const own = stretch.places.branch()
        own.locate([...stretch.needed, ...writes])
        body({ ...stretch, places: own }, start)
        own.release()
      }).emit(places, facts, from, to)
    if (range !== 'all') this.#rowsIn(range, point, row)
    else if (this.#outer.length === 0) row(point.bind(new Map()), 0, 0, this.#length)
    else {
      const start = f.local('i32')
      f.i32(0).set(start)
      const indices = new Map<number, Local>()
      const nest = (depth: number): void => {
        const axis = this.#outer[depth]
        if (axis === undefined) {
          row(point.bind(indices), start, 0, this.#length)
          f.increment(start, this.#length)
          return
        }
        const index = f.local('i32')
        indices.set(axis, index)
        forLoop(f, index, 0, domain[axis]!, () => nest(depth + 1))
        f.release(index)
      }
      nest(0)
      f.release(start)
    }
  }

  /** Rows, or what of them lies in the range. */
  #rowsIn(
    [from, to]: readonly [Local, Local],
    point: Places,
    row: (places: Places, start: Bound, from: Bound, to: Bound) => void,
  ): void {
    const { f } = this.#code
    if (this.#outer.length === 0) {
      row(point.bind(new Map()), 0, from, to)
      return
    }
    const [at, start, first, last] = [f.local('i32'), f.local('i32'), f.local('i32'), f.local('i32')]
    const length = this.#length
    f.get(from).set(at)
    whileBelow(f, at, to, 0, () => {
      f.get(at).get(at).i32(length).op('i32.rem_u').tee(first).op('i32.sub').set(start)
      f.get(to).get(start).op('i32.sub').tee(last).i32(length)
      f.get(last).i32(length).op('i32.lt_s').op('select').set(last)
      const indices = this.#decompose(start)
      row(point.bind(indices), start, first, last)
      f.get(start).get(last).op('i32.add').set(at)
      f.release(...indices.values())
    })
    f.release(at, start, first, last)
  }

  /** Indices of the row that begins with this element, in new locals. */
  #decompose(start: Local): Map<number, Local> {
    const { f, domain } = this.#code
    const indices = new Map<number, Local>()
    let inner = this.#length
    for (const [i, axis] of [...this.#outer].reverse().entries()) {
      const index = f.local('i32')
      f.get(start).i32(inner).op('i32.div_u')
      if (i < this.#outer.length - 1) f.i32(domain[axis]!).op('i32.rem_u')
      f.set(index)
      indices.set(axis, index)
      inner *= domain[axis]!
    }
    return indices
  }

  #rowValues({ places, facts, roots }: Stretch, values: Values): Values {
    const row = new Values(places, [values], { facts, lanes: 'same' })
    row.hoist(roots)
    return row
  }

  #foldStretch(
    stretch: Stretch,
    start: Bound,
    values: Values,
    lanes: boolean,
    add: (values: Values) => void,
    addOne: (values: Values, masks: LaneMasks) => void,
  ): void {
    const { f, axis } = this.#code
    const { places, facts, roots, needed, from, to, vectors } = stretch
    const row = this.#rowValues(stretch, values)
    const index = f.local('i32')
    const at = (kind: 'four' | 'one', body: (values: Values) => void, ahead = 0): void => {
      const own = new Values(places, [row], { facts, lanes: kind, ahead, ...(axis >= 0 && { index }) })
      own.hoist(roots)
      body(own)
      own.release()
    }
    const one = (): void => this.#single(start, index, lanes, masks => at('one', own => addOne(own, masks)))
    pushBound(f, from).set(index)
    if (axis < 0) one()
    else if (!vectors) whileBelow(f, index, to, 1, one)
    else {
      const aligned = from === 0 && (start === 0 || this.#length % 4 === 0)
      if (lanes && !aligned) {
        const peeled = f.local('i32')
        this.#peel(start, index, to, peeled)
        whileBelow(f, index, peeled, 1, one)
        f.release(peeled)
      }
      const unroll = needed.length <= 12 ? 4 : 1
      if (unroll > 1) this.#vectors(index, to, unroll, k => at('four', add, 4 * k))
      this.#vectors(index, to, 1, () => at('four', add))
      if (!(aligned && typeof to === 'number' && to % 4 === 0)) whileBelow(f, index, to, 1, one)
    }
    f.release(index)
    row.release()
  }

  /** As many turns of so many vectors as fit. */
  #vectors(index: Local, to: Bound, vectors: number, vector: (k: number) => void): void {
    const { f } = this.#code
    const last = f.local('i32')
    pushBound(f, to)
      .i32(4 * vectors - 1)
      .op('i32.sub')
      .set(last)
    whileBelow(f, index, last, 4 * vectors, () => {
      for (let k = 0; k < vectors; k++) vector(k)
    })
    f.release(last)
  }

  /** Up to where elements come one by one, until the next belongs to lane 0. */
  #peel(start: Bound, index: Local, to: Bound, peeled: Local): void {
    const { f } = this.#code
    f.get(index).i32(0)
    pushBound(f, start).get(index).op('i32.add').op('i32.sub').i32(3).op('i32.and').op('i32.add').set(peeled)
    f.get(peeled)
    pushBound(f, to).get(peeled)
    pushBound(f, to).op('i32.lt_s').op('select').set(peeled)
  }

  /** One element, with masks for the lane that it belongs to. */
  #single(start: Bound, index: Local, lanes: boolean, body: (masks: LaneMasks) => void): void {
    const { f } = this.#code
    const [low, high] = [f.local('v128'), f.local('v128')]
    if (lanes) {
      const lane = f.local('v128')
      pushBound(f, start).get(index).op('i32.add').i32(3).op('i32.and').op('i32x4.splat').set(lane)
      for (const [mask, a, b] of [
        [low, 0, 1],
        [high, 2, 3],
      ] as const) {
        const own = f.kept(`lanes ${a} and ${b}`, 'v128', () =>
          f.v128(new Uint8Array(Int32Array.of(a, a, b, b).buffer)),
        )
        f.get(lane).get(own).op('i32x4.eq').set(mask)
      }
      f.release(lane)
    }
    body({ low, high })
    f.release(low, high)
  }
}
