import type { Affine, Expr, Guard } from '@stint/engine'
import type { Local } from '../asm/index.ts'
import type { NestCode } from './code.ts'
import { late } from './depends.ts'
import type { Facts } from './facts.ts'
import { loadVector, type Place } from './memory.ts'
import { certainExprs } from './need.ts'
import { applyOp } from './ops.ts'
import { type Places, placeAt } from './places.ts'
import { alignedBits, manyBits, type Stream, scatteredBits } from './random.ts'
import { constant, type Lanes, partsOf, type Vector } from './vector.ts'

export interface ValuesOptions {
  readonly facts: Facts
  readonly lanes: Lanes
  /** The vector's first element lies this far behind the index of the vector axis. */
  readonly ahead?: number
  /** Index along the vector axis, if it is bound here. */
  readonly index?: Local
  readonly own?: () => Local
  /** Vectors that are computed one after the other, of which these are one. */
  readonly group?: VectorGroup
}

/** What neighbouring vectors of one turn of a loop compute together. */
export interface VectorGroup {
  readonly vectors: number
  /** By expression, then vector. */
  readonly known: Map<number, readonly Vector[]>
  readonly own: () => Local
}

/** Values of expressions at a place in the code; those of the enclosing places are at hand. */
export class Values {
  readonly #places: Places
  readonly #parents: readonly Values[]
  readonly #facts: Facts
  readonly #lanes: Lanes
  readonly #ahead: number
  readonly #index: Local | undefined
  readonly #known = new Map<number, Vector>()
  readonly #temps: Local[] = []
  readonly #own: () => Local
  readonly #group: VectorGroup | undefined

  constructor(places: Places, parents: readonly Values[], options: ValuesOptions) {
    this.#places = places
    this.#parents = parents
    this.#facts = options.facts
    this.#lanes = options.lanes
    this.#ahead = options.ahead ?? 0
    this.#index = options.index
    this.#group = options.group
    this.#own =
      options.own ??
      (() => {
        const local = this.#code.f.local('v128')
        this.#temps.push(local)
        return local
      })
  }

  get #code(): NestCode {
    return this.#places.code
  }

  /** A local that lives as long as these values. */
  local(): Local {
    return this.#own()
  }

  /** Gives a value that comes from elsewhere: a reduction's, an anchor's. */
  set(e: number, value: Vector): void {
    this.#known.set(e, value)
  }

  /** The value of an expression: known already, or computed here. */
  value(e: number): Vector {
    const known = this.#find(e)
    if (known !== undefined) return known
    if (this.#code.depends[e] === 0) return this.#code.fixed(e, this.#facts)
    return this.emit(e)
  }

  /** Computes, of what `roots` need for certain, all that depends on nothing beyond what is bound here. */
  hoist(roots: readonly number[]): void {
    const axis = this.#index === undefined ? 0 : 1 << this.#code.axis
    const beyond = ~(this.#places.bound | axis | late)
    const ready = new Set<number>()
    for (const e of certainExprs(this.#code.exprs, roots, this.#facts))
      if ((this.#code.depends[e]! & beyond) === 0 && this.#isReady(e, ready)) {
        this.value(e)
        ready.add(e)
      }
  }

  /** Computes the expression here, whatever is known elsewhere. */
  emit(e: number): Vector {
    const value = this.#emit(e)
    this.#known.set(e, value)
    return value
  }

  release(): void {
    this.#code.f.release(...this.#temps)
  }

  #find(e: number): Vector | undefined {
    const own = this.#known.get(e)
    if (own !== undefined) return own
    for (const parent of this.#parents) {
      const known = parent.#find(e)
      if (known !== undefined) return known
    }
    return undefined
  }

  /** False if the expression needs a reduction or an anchor that is not known yet. */
  #isReady(e: number, ready: ReadonlySet<number>): boolean {
    if (ready.has(e) || this.#find(e) !== undefined) return true
    const expr = this.#code.exprs[e]!
    switch (expr.kind) {
      case 'reduced':
        return false
      case 'anchor':
        return this.#code.accesses[e] !== undefined
      case 'apply':
        return expr.args.every(a => ready.has(a))
      case 'select': {
        // What is open is computed where it is used: one side only.
        const holds = this.#facts.all(expr.guards)
        return holds !== undefined && ready.has(holds ? expr.inside : expr.outside)
      }
      default:
        return true
    }
  }

  #emit(e: number): Vector {
    const { f, b, exprs } = this.#code
    const expr = exprs[e]!
    switch (expr.kind) {
      case 'splat':
        return constant(f, expr.dtype, expr.value)
      case 'load':
        return this.#load(e, expr.guards)
      case 'anchor':
        if (this.#code.accesses[e] === undefined) throw new Error('the anchor has no value here')
        return this.#load(e, [])
      case 'reduced':
        throw new Error(`reduction ${expr.reduction} has no value here`)
      case 'apply':
        return applyOp(
          b,
          expr.op,
          expr.args.map(a => this.value(a)),
          expr.dtype,
          this.#lanes,
          this.#own,
        )
      case 'iota':
        return this.#iota(expr)
      case 'random':
        return this.#random(e, expr)
      case 'select':
        return this.#select(expr)
    }
  }

  /** How far the vector is along the axis of vectors, as a place for loads and stores. */
  place(e: number): Place {
    const { f, axis, accesses } = this.#code
    const step = axis < 0 ? 0 : accesses[e]!.strides[axis]!
    return placeAt(f, this.#places.address(e), step, this.#index, this.#ahead)
  }

  #load(e: number, guards: readonly Guard[]): Vector {
    const { f, accesses } = this.#code
    const { dtype } = accesses[e]!
    const holds = this.#facts.all(guards)
    if (holds === false) return constant(f, dtype, 0)
    if (holds === true) return loadVector(f, dtype, this.place(e), this.#lanes, this.#own)
    const parts = Array.from({ length: partsOf(dtype) }, this.#own)
    const fill = (value: Vector): void => {
      for (const [i, part] of parts.entries()) f.get(value.parts[i]!).set(part)
    }
    this.#pushGuards(guards)
    f.if(
      () => fill(loadVector(f, dtype, this.place(e), this.#lanes, this.#own)),
      () => fill(constant(f, dtype, 0)),
    )
    return { dtype, parts }
  }

  /** Pushes whether all guards hold, for elements that share the answer. */
  #pushGuards(guards: readonly Guard[]): void {
    const { f } = this.#code
    const { axis } = this.#code
    const open = guards.filter(g => this.#facts.holds(g) !== true)
    for (const [i, { at, low, high }] of open.entries()) {
      if (this.#lanes === 'four' && axis >= 0 && at.coefs[axis] !== 0)
        throw new Error('a guard is open along a vector')
      this.#places.pushAffine(at, this.#ahead, this.#index)
      f.i32(low)
        .op('i32.sub')
        .i32(high - low)
        .op('i32.lt_u')
      if (i > 0) f.op('i32.and')
    }
  }

  #select(expr: Extract<Expr, { kind: 'select' }>): Vector {
    const { f } = this.#code
    const holds = this.#facts.all(expr.guards)
    if (holds !== undefined) return this.value(holds ? expr.inside : expr.outside)
    const parts = Array.from({ length: partsOf(expr.dtype) }, this.#own)
    const side = (e: number): void => {
      const values = new Values(this.#places, [this], {
        facts: this.#facts,
        lanes: this.#lanes,
        ahead: this.#ahead,
        ...(this.#index !== undefined && { index: this.#index }),
      })
      const value = values.value(e)
      for (const [i, part] of parts.entries()) f.get(value.parts[i]!).set(part)
      values.release()
    }
    this.#pushGuards(expr.guards)
    f.if(
      () => side(expr.inside),
      () => side(expr.outside),
    )
    return { dtype: expr.dtype, parts }
  }

  #iota(expr: Extract<Expr, { kind: 'iota' }>): Vector {
    const { b } = this.#code
    const x = { dtype: 'i32', parts: [this.#indices(expr.at)] } as const
    return applyOp(b, 'cast', [x], expr.dtype, this.#lanes, this.#own)
  }

  /** The four values of an affine form, in a local. */
  #indices(at: Affine, ahead: number = this.#ahead): Local {
    const { f, axis } = this.#code
    const step = axis < 0 ? 0 : at.coefs[axis]!
    this.#places.pushAffine(at, ahead, this.#index)
    f.op('i32x4.splat')
    if (this.#lanes === 'four' && step !== 0) {
      const steps = f.kept(`lanes times ${step}`, 'v128', () =>
        f.v128(new Uint8Array(Int32Array.of(0, step, 2 * step, 3 * step).buffer)),
      )
      f.get(steps).op('i32x4.add')
    }
    const local = this.#own()
    f.set(local)
    return local
  }

  #random(e: number, expr: Extract<Expr, { kind: 'random' }>): Vector {
    const { f, b, axis } = this.#code
    const stream = this.#code.stream(e, this.#facts)
    const inOrder = this.#lanes === 'four' && axis >= 0 && expr.at.coefs[axis] === 1
    if (inOrder && this.#group?.vectors === 4)
      return this.#randomGroup(e, expr, this.#group)[this.#ahead / 4]!
    const local = this.#own()
    if (!inOrder) this.#scatteredBits(expr, stream, this.#ahead, local)
    else
      this.#ifAligned(
        expr,
        this.#ahead,
        at => {
          alignedBits(b, at, stream)
          f.set(local)
        },
        () => this.#scatteredBits(expr, stream, this.#ahead, local),
      )
    return { dtype: 'u32', parts: [local] }
  }

  /** Sixteen elements at once. */
  #randomGroup(e: number, expr: Extract<Expr, { kind: 'random' }>, group: VectorGroup): readonly Vector[] {
    const known = group.known.get(e)
    if (known !== undefined) return known
    const { f, b } = this.#code
    const stream = this.#code.stream(e, this.#facts)
    const locals = Array.from({ length: 4 }, group.own)
    this.#ifAligned(
      expr,
      0,
      at => {
        manyBits(b, at, stream)
        for (const local of locals.toReversed()) f.set(local)
      },
      () => {
        for (const [k, local] of locals.entries()) this.#scatteredBits(expr, stream, 4 * k, local)
      },
    )
    const vectors = locals.map((local): Vector => ({ dtype: 'u32', parts: [local] }))
    group.known.set(e, vectors)
    return vectors
  }

  /** Whether the first of neighbouring elements begins a block of four; `aligned` is given what pushes it. */
  #ifAligned(
    { at }: Extract<Expr, { kind: 'random' }>,
    ahead: number,
    aligned: (at: () => void) => void,
    otherwise: () => void,
  ): void {
    const { f } = this.#code
    const first = f.local('i32')
    this.#places.pushAffine(at, ahead, this.#index)
    f.tee(first)
      .i32(3)
      .op('i32.and')
      .if(otherwise, () => aligned(() => f.get(first)))
    f.release(first)
  }

  #scatteredBits(expr: Extract<Expr, { kind: 'random' }>, stream: Stream, ahead: number, to: Local): void {
    const { b, f } = this.#code
    scatteredBits(b, this.#indices(expr.at, ahead), stream)
    f.set(to)
  }
}
