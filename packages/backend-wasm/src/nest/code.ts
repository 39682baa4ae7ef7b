import type { Elements, Expr } from '@stint/engine'
import { dtypeBytes, type Shape } from '@stint/graph'
import type { FunctionBuilder, Local } from '../asm/index.ts'
import type { PhaseBuilder } from '../design.ts'
import { dependsOf } from './depends.ts'
import type { Facts } from './facts.ts'
import { neededExprs } from './need.ts'
import { type Access, Places } from './places.ts'
import { philoxBlock, type Stream } from './random.ts'
import { Values } from './values.ts'
import type { Vector } from './vector.ts'

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
