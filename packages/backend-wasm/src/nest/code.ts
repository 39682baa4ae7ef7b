import type { Affine, Elements, Expr, Guard } from '@stint/engine'
import { type DType, dtypeBytes, type Shape } from '@stint/graph'
import type { FunctionBuilder, Local } from '../asm/index.ts'
import type { PhaseBuilder } from '../design.ts'
import type { Facts } from './facts.ts'
import { loadVector, type Place } from './memory.ts'
import { certainExprs, neededExprs } from './need.ts'
import { applyOp } from './ops.ts'
import { alignedBits, manyBits, philoxBlock, type Stream, scatteredBits } from './random.ts'
import { constant, type Lanes, partsOf, type Vector } from './vector.ts'

/** Where the elements of a load lie: byte address of element 0, and bytes from index to index of each axis. */
export interface Access {
  readonly base: () => Local
  readonly offset: number
  readonly strides: readonly number[]
  readonly dtype: DType
  readonly guards: readonly Guard[]
}

export interface NestCodeOptions {
  /** The axis along which vectors lie; −1 for a single point. */
  readonly axis: number
  /** The anchor's results in memory; those not given must be set in `Values`. */
  readonly anchor?: (
    result: number,
  ) => { readonly base: Local; readonly strides: readonly number[] } | undefined
  /** Axes that the values of reductions depend on: the first `keep`. */
  readonly keep?: number
  /** Places that are written: their numbers as accesses follow those of the expressions. */
  readonly outputs?: readonly Omit<Access, 'guards'>[]
}

/** Marks what depends on a reduction or an anchor, and so is not known at the start. */
const late = 1 << 30

/** Expressions over a domain, as code in one phase: what each depends on, and where loads read. */
export class NestCode {
  readonly b: PhaseBuilder
  readonly f: FunctionBuilder
  readonly exprs: readonly Expr[]
  readonly domain: Shape
  readonly axis: number
  readonly accesses: readonly (Access | undefined)[]
  /** For each expression the axes that its value depends on, as bits. */
  readonly depends: readonly number[]
  readonly #streams = new Map<number, Stream>()
  readonly #fixed: Map<number, Vector> = new Map()

  constructor(b: PhaseBuilder, { exprs, domain }: Elements, options: NestCodeOptions) {
    this.b = b
    this.f = b.f
    this.exprs = exprs
    this.domain = domain
    this.axis = options.axis
    const outputs = (options.outputs ?? []).map(o => ({ ...o, guards: [] }))
    this.accesses = [...exprs.map(e => accessOf(b, e, options)), ...outputs]
    const depends: number[] = []
    for (const expr of exprs) depends.push(dependsOf(expr, depends, domain, options.keep ?? 0))
    this.depends = depends
  }

  /** The expressions that `roots` need where `facts` hold, in order. */
  needed(roots: readonly number[], facts: Facts): readonly number[] {
    return neededExprs(this.exprs, roots, facts)
  }

  /** The value of an expression that depends on no axis: computed once at the start of the function. */
  fixed(e: number, facts: Facts): Vector {
    const known = this.#fixed.get(e)
    if (known !== undefined) return known
    let value: Vector | undefined
    this.f.atStart(() => {
      const places = new Places(this, null, new Map())
      const values = new Values(places, [], { facts, lanes: 'same', own: () => this.f.ownLocal('v128') })
      places.locate([e])
      value = values.emit(e)
      places.release()
    })
    this.#fixed.set(e, value!)
    return value!
  }

  /** Seed and path of a random expression, drawn together to a key once at the start of the function. */
  stream(e: number, facts: Facts): Stream {
    const known = this.#streams.get(e)
    if (known !== undefined) return known
    const expr = this.exprs[e] as Extract<Expr, { kind: 'random' }>
    const [seed, step] = [this.fixed(expr.seed, facts), this.fixed(expr.step, facts)]
    const { f } = this
    const [stepWord, k0, k1] = [f.ownLocal('i32'), f.ownLocal('i32'), f.ownLocal('i32')]
    const drawn = f.ownLocal('v128')
    f.atStart(() => {
      f.get(step.parts[0]!).lane('i32x4.extract_lane', 0).set(stepWord)
      f.get(seed.parts[0]!).lane('i32x4.extract_lane', 0).i32(0).i32(0).i32(0)
      f.i32(expr.key[0]).i32(expr.key[1]).call(philoxBlock(this.b)).set(drawn)
      f.get(drawn).lane('i32x4.extract_lane', 0).set(k0)
      f.get(drawn).lane('i32x4.extract_lane', 1).set(k1)
    })
    const stream = { step: stepWord, call: expr.call, key: [k0, k1] as const }
    this.#streams.set(e, stream)
    return stream
  }
}

function accessOf(b: PhaseBuilder, expr: Expr, { anchor }: NestCodeOptions): Access | undefined {
  if (expr.kind === 'load') {
    const bytes = dtypeBytes(expr.dtype)
    return {
      base: () => b.arg(expr.operand),
      offset: bytes * expr.at.offset,
      strides: expr.at.coefs.map(c => bytes * c),
      dtype: expr.dtype,
      guards: expr.guards,
    }
  }
  if (expr.kind !== 'anchor') return undefined
  const place = anchor?.(expr.result)
  if (place === undefined) return undefined
  return { base: () => place.base, offset: 0, strides: place.strides, dtype: expr.dtype, guards: [] }
}

function dependsOf(expr: Expr, depends: readonly number[], domain: Shape, keep: number): number {
  const of = ({ coefs }: Affine): number =>
    coefs.reduce((bits, c, axis) => (c !== 0 && domain[axis] !== 1 ? bits | (1 << axis) : bits), 0)
  const all = (bits: readonly number[]): number => bits.reduce((a, b) => a | b, 0)
  switch (expr.kind) {
    case 'load':
      return of(expr.at) | all(expr.guards.map(g => of(g.at)))
    case 'anchor':
      return ((1 << domain.length) - 1) | late
    case 'reduced':
      return ((1 << keep) - 1) | late
    case 'apply':
      return all(expr.args.map(a => depends[a]!))
    case 'splat':
      return 0
    case 'iota':
    case 'random':
      return of(expr.at)
    case 'select':
      return depends[expr.inside]! | depends[expr.outside]! | all(expr.guards.map(g => of(g.at)))
  }
}

/** A place in the code: which indices are known, in locals, and the addresses of loads as far as these determine them. */
export class Places {
  readonly code: NestCode
  readonly parent: Places | null
  readonly bound: number
  readonly #bindings: ReadonlyMap<number, Local>
  readonly #addresses = new Map<number, Local>()
  readonly #temps: Local[] = []

  constructor(code: NestCode, parent: Places | null, bindings: ReadonlyMap<number, Local>) {
    this.code = code
    this.parent = parent
    this.#bindings = bindings
    this.bound = [...bindings.keys()].reduce((bits, axis) => bits | (1 << axis), parent?.bound ?? 0)
  }

  /** The same indices, and no addresses yet: for code that runs in its own branch. */
  branch(): Places {
    return new Places(this.code, this.parent, this.#bindings)
  }

  bind(bindings: ReadonlyMap<number, Local>): Places {
    return new Places(this.code, this, bindings)
  }

  index(axis: number): Local | undefined {
    return this.#bindings.get(axis) ?? this.parent?.index(axis)
  }

  /** Computes the addresses that the expressions need, as far as they are known here, into locals. */
  locate(exprs: readonly number[]): void {
    const same = new Map<string, Local>()
    for (const e of exprs) {
      const access = this.code.accesses[e]
      if (access === undefined || this.#addresses.has(e)) continue
      const axes = this.#movedBy(access.strides)
      if (this.parent !== null && axes.length === 0) continue
      const from = this.parent?.address(e) ?? null
      const key = `${from?.index ?? access.base().index} ${from === null ? access.offset : ''} ${axes.map(a => `${a}:${access.strides[a]}`).join(' ')}`
      let address = same.get(key)
      if (address === undefined) {
        address = this.#compute(access, axes, from)
        same.set(key, address)
      }
      this.#addresses.set(e, address)
    }
  }

  /** Address of a load without the terms of axes that are not bound here. */
  address(e: number): Local {
    const own = this.#addresses.get(e)
    if (own !== undefined) return own
    if (this.parent !== null) return this.parent.address(e)
    throw new Error(`no address for expression ${e}`)
  }

  /** Pushes the value of an affine form, `along` being the index of the vector axis if it is not bound, `ahead` more. */
  pushAffine({ offset, coefs }: Affine, ahead = 0, along?: Local): void {
    const { f, axis } = this.code
    const start = offset + (axis >= 0 ? ahead * coefs[axis]! : 0)
    f.i32(start)
    for (const [a, c] of coefs.entries()) {
      if (c === 0 || this.code.domain[a] === 1) continue
      const index = this.index(a) ?? (a === axis ? along : undefined)
      if (index === undefined) throw new Error(`axis ${a} is not known here`)
      f.get(index)
      if (c !== 1) f.i32(c).op('i32.mul')
      f.op('i32.add')
    }
  }

  release(): void {
    this.code.f.release(...this.#temps)
  }

  /** Bound axes, other than the vector axis in its own scope, along which the address moves. */
  #movedBy(strides: readonly number[]): number[] {
    return [...this.#bindings.keys()].filter(a => strides[a] !== 0 && this.code.domain[a] !== 1)
  }

  #compute({ base, offset, strides }: Access, axes: readonly number[], from: Local | null): Local {
    const { f } = this.code
    if (from === null && offset === 0 && axes.length === 0) return base()
    f.get(from ?? base())
    if (from === null && offset !== 0) f.i32(offset).op('i32.add')
    for (const a of axes) f.get(this.#bindings.get(a)!).i32(strides[a]!).op('i32.mul').op('i32.add')
    const local = f.local('i32')
    f.set(local)
    this.#temps.push(local)
    return local
  }
}

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

/** The place of vectors `ahead` elements behind `index`, `step` bytes an element, from a row's address. */
export function placeAt(
  f: FunctionBuilder,
  address: Local,
  step: number,
  index: Local | undefined,
  ahead: number,
): Place {
  const offset = ahead * step
  const push = (): void => {
    f.get(address)
    if (step === 0 || index === undefined) return
    f.get(index)
    const shift = Math.log2(step)
    if (Number.isInteger(shift)) {
      if (shift > 0) f.i32(shift).op('i32.shl')
    } else f.i32(step).op('i32.mul')
    f.op('i32.add')
    if (offset < 0) f.i32(offset).op('i32.add')
  }
  return { push, offset: Math.max(0, offset), step }
}
