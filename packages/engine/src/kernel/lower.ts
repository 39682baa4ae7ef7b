import {
  type Attrs,
  type DType,
  type ElementwiseOp,
  type Node,
  opDef,
  type ReductionOp,
  type Shape,
  sameShape,
  sizeOf,
  type Type,
} from '@stint/graph'
import {
  type Affine,
  addScaled,
  constantAffine,
  type IndexMap,
  identityMap,
  mapOf,
  reshapeMap,
  sameAffine,
  shift,
  unit,
} from './affine.ts'
import { collapse } from './collapse.ts'
import { type LocalId, type LocalNode, localTypes, type Region } from './kernel.ts'
import type {
  AnchorNest,
  Elements,
  Expr,
  Guard,
  MapNest,
  Nest,
  ReduceNest,
  Reduction,
  Source,
  Store,
} from './nest.ts'

/** The region cannot run at once: the value `local` has to be stored. The fuser catches it and stores that value. */
export class Unfusable extends Error {
  readonly local: LocalId
  constructor(local: LocalId, why: string) {
    super(why)
    this.name = 'Unfusable'
    this.local = local
  }
}

/** Works out how a kernel runs: loops, index maps, stages. Throws Unfusable where the region cannot run at once. */
export function lower(kernel: Region): Nest {
  const region = new LookUp(kernel)
  const anchor = kernel.body.findIndex(n => isAnchor(n))
  if (anchor >= 0) return lowerAnchor(region, anchor)
  return kernel.body.some(n => opDef(n.op).kind === 'reduction') ? lowerReduce(region) : lowerMap(region)
}

/**
 * Expressions for the local value `local` over its own shape, its axes walked in the given order (`order[i]` is the
 * axis that loop `i` walks). Used by backends to compute an anchor's source on the fly.
 */
export function lowerSource(
  kernel: Region,
  local: LocalId,
  order?: readonly number[],
): Elements & { readonly expr: number } {
  const region = new LookUp(kernel)
  const { shape } = region.type(local)
  const walk = order ?? shape.map((_, i) => i)
  const domain = walk.map(axis => shape[axis]!)
  const map = mapOf(
    shape.map((_, axis) => unit(domain.length, walk.indexOf(axis))),
    shape,
    domain.length,
  )
  const writer = new Writer(region, domain)
  const expr = writer.value(local, map, [])
  const { domain: merged, exprs } = collapse({ domain, exprs: writer.exprs }, [])
  return { domain: merged, exprs, expr }
}

function isAnchor(node: { readonly op: Node['op'] }): boolean {
  return opDef(node.op).kind === 'anchor'
}

/** A kernel with look-ups by local id. */
class LookUp {
  readonly kernel: Region
  readonly #types: readonly Type[]
  readonly #producers: (LocalNode | undefined)[]

  constructor(kernel: Region) {
    this.kernel = kernel
    this.#types = localTypes(kernel.operands, kernel.body)
    this.#producers = kernel.operands.map(() => undefined)
    for (const node of kernel.body) for (const _ of node.types) this.#producers.push(node)
  }

  type(local: LocalId): Type {
    return this.#types[local]!
  }

  producer(local: LocalId): LocalNode | undefined {
    return this.#producers[local]
  }

  /** Local id of the first result of body node `index`. */
  firstResult(index: number): LocalId {
    let id = this.kernel.operands.length
    for (let i = 0; i < index; i++) id += this.kernel.body[i]!.types.length
    return id
  }
}

function lowerMap(region: LookUp): MapNest {
  const shape = region.kernel.results[0]!.type.shape
  const writer = new Writer(region, shape)
  const stores = writer.stores(identityMap(shape))
  return { kind: 'map', ...collapse({ domain: shape, exprs: writer.exprs }, stores) }
}

function lowerReduce(region: LookUp): ReduceNest {
  const first = region.kernel.body.find(n => opDef(n.op).kind === 'reduction')!
  const full = region.type(first.inputs[0]!).shape
  const over = (first.attrs as { axes: readonly number[] }).axes
  const kept = full.map((_, a) => a).filter(a => !over.includes(a))
  const order = [...kept, ...over]
  const domain = order.map(a => full[a]!)
  const rank = domain.length
  const fullMap = mapOf(
    full.map((_, a) => unit(rank, order.indexOf(a))),
    full,
    rank,
  )
  const keptShape = kept.map(a => full[a]!)
  const keptMap = mapOf(
    kept.map((_, i) => unit(rank, i)),
    keptShape,
    rank,
  )
  const writer = new ReduceWriter(region, domain, { full, fullMap, over, keptMap })
  const perPoint: Store[] = []
  const perElement: Store[] = []
  for (const [result, { local, type }] of region.kernel.results.entries()) {
    const isKept = sizeOf(type.shape) === sizeOf(keptShape)
    if (!isKept && !sameShape(type.shape, full))
      throw new Unfusable(local, 'the result is over another domain')
    const base = isKept ? keptMap : fullMap
    const map = sameShape(type.shape, isKept ? keptShape : full) ? base : reshapeMap(base, type.shape, domain)
    const store = { result, expr: writer.value(local, map, []), at: map.flat, dtype: type.dtype }
    ;(isKept ? perPoint : perElement).push(store)
  }
  const { reductions } = writer
  const stages = reductions.reduce((n, r) => Math.max(n, r.stage + 1), 0)
  const merged = collapse({ domain, exprs: writer.exprs }, [...perPoint, ...perElement], kept.length)
  return {
    kind: 'reduce',
    domain: merged.domain,
    exprs: merged.exprs,
    keep: merged.keep,
    reductions,
    stages,
    perPoint: merged.stores.slice(0, perPoint.length),
    perElement: merged.stores.slice(perPoint.length),
  }
}

function lowerAnchor(region: LookUp, index: number): AnchorNest {
  const { kernel } = region
  const node = kernel.body[index]!
  if (kernel.body.some((n, i) => i !== index && (isAnchor(n) || opDef(n.op).kind === 'reduction')))
    throw new Unfusable(region.firstResult(index), 'a kernel holds one anchor')
  const sources = node.inputs.map((local): Source => {
    const type = region.type(local)
    return local < kernel.operands.length
      ? { kind: 'operand', operand: local, type }
      : { kind: 'computed', local, type }
  })
  // What is computed on the fly must be expressible; finding out here keeps the fuser's promise to the backends.
  for (const source of sources) if (source.kind === 'computed') lowerSource(kernel, source.local)
  const first = region.firstResult(index)
  const shape = region.type(first).shape
  const writer = new AnchorWriter(region, shape, { node, first })
  const stores = writer.stores(identityMap(shape))
  const { domain, exprs, stores: at } = collapse({ domain: shape, exprs: writer.exprs }, stores)
  return { kind: 'anchor', node, sources, epilogue: { domain, exprs }, stores: at }
}

/** Writes the expressions of a region over one domain, each (value, map, guards) once. */
class Writer {
  readonly exprs: Expr[] = []
  readonly region: LookUp
  readonly domain: Shape
  readonly #known = new Map<string, number>()

  constructor(region: LookUp, domain: Shape) {
    this.region = region
    this.domain = domain
  }

  /** All results of the kernel at the domain's own points; results of another shape must be reshapes of it. */
  stores(identity: IndexMap): Store[] {
    return this.region.kernel.results.map(({ local, type }, result) => {
      if (sizeOf(type.shape) !== sizeOf(this.domain))
        throw new Unfusable(local, 'the result is over another domain')
      const map = sameShape(type.shape, this.domain)
        ? identity
        : reshapeMap(identity, type.shape, this.domain)
      return { result, expr: this.value(local, map, []), at: map.flat, dtype: type.dtype }
    })
  }

  value(local: LocalId, map: IndexMap, guards: readonly Guard[]): number {
    const key = `${local}|${showMap(map)}|${guards.map(g => `${showAffine(g.at)}:${g.low}:${g.high}`).join(';')}`
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const producer = this.region.producer(local)
    const id =
      producer === undefined
        ? this.push({
            kind: 'load',
            operand: local,
            at: map.flat,
            guards,
            dtype: this.region.type(local).dtype,
          })
        : this.node(producer, local, map, guards)
    this.#known.set(key, id)
    return id
  }

  protected push(expr: Expr): number {
    return this.exprs.push(expr) - 1
  }

  /** The result `local` of a body node, read through `map`. */
  protected node(node: LocalNode, local: LocalId, map: IndexMap, guards: readonly Guard[]): number {
    const def = opDef(node.op)
    const { dtype } = this.region.type(local)
    if (def.kind === 'elementwise') {
      if (node.op === 'stopGradient') return this.value(node.inputs[0]!, map, guards)
      const args = node.inputs.map(i => this.value(i, map, guards))
      return this.push({ kind: 'apply', op: node.op as ElementwiseOp, args, dtype })
    }
    if (def.kind === 'generator') return this.#generator(node, local, map, dtype)
    if (def.kind === 'movement') return this.#movement(node, local, map, guards, dtype)
    throw new Unfusable(local, `${node.op} is read inside another kernel`)
  }

  #generator(node: LocalNode, local: LocalId, map: IndexMap, dtype: DType): number {
    if (node.op === 'full') return this.push({ kind: 'splat', value: node.attrs.value as number, dtype })
    if (node.op === 'iota') {
      if (map.axes === null) throw new Unfusable(local, 'the index is not affine')
      return this.push({ kind: 'iota', at: map.axes[node.attrs.axis as number]!, dtype })
    }
    const [seed, step] = node.inputs.map(i => {
      const scalar = constantAffine(this.domain.length, 0)
      return this.value(
        i,
        mapOf(
          this.region.type(i).shape.map(() => scalar),
          this.region.type(i).shape,
          this.domain.length,
        ),
        [],
      )
    }) as [number, number]
    const { key, call } = node.attrs as { key: [number, number]; call: number }
    return this.push({ kind: 'random', key, call, seed, step, at: map.flat, dtype: 'u32' })
  }

  #movement(node: LocalNode, local: LocalId, map: IndexMap, guards: readonly Guard[], dtype: DType): number {
    const [input] = node.inputs as [LocalId]
    const from = this.region.type(input).shape
    const rank = this.domain.length
    if (node.op === 'reshape') return this.value(input, reshapeMap(map, from, this.domain), guards)
    if (map.axes === null) throw new Unfusable(local, 'its index is not affine after a reshape')
    const axes = map.axes
    if (node.op === 'pad') return this.#pad(node.attrs, input, axes, guards, dtype)
    if (node.op === 'concat') return this.#concat(node, axes, guards, dtype)
    const moved = moveAxes(node, axes, from, rank)
    return this.value(input, mapOf(moved, from, rank), guards)
  }

  #pad(
    attrs: Attrs,
    input: LocalId,
    axes: readonly Affine[],
    guards: readonly Guard[],
    dtype: DType,
  ): number {
    const { before, after, value } = attrs as {
      before: readonly number[]
      after: readonly number[]
      value: number
    }
    const from = this.region.type(input).shape
    const inner = axes.map((a, i) => shift(a, -before[i]!))
    const own = inner.flatMap((at, i) =>
      before[i] === 0 && after[i] === 0 ? [] : [{ at, low: 0, high: from[i]! }],
    )
    const inside = this.value(input, mapOf(inner, from, this.domain.length), [...guards, ...own])
    const outside = this.push({ kind: 'splat', value, dtype })
    return this.push({ kind: 'select', guards: own, inside, outside, dtype })
  }

  /** The last part, unless the index lies in an earlier one. */
  #concat(node: LocalNode, axes: readonly Affine[], guards: readonly Guard[], dtype: DType): number {
    const axis = node.attrs.axis as number
    let start = 0
    const parts = node.inputs.map(input => {
      const shape = this.region.type(input).shape
      const at = shift(axes[axis]!, -start)
      start += shape[axis]!
      const guard = { at, low: 0, high: shape[axis]! }
      const map = mapOf(
        axes.map((a, i) => (i === axis ? at : a)),
        shape,
        this.domain.length,
      )
      return { guard, expr: this.value(input, map, [...guards, guard]) }
    })
    return parts.reduceRight(
      (outside, { guard, expr }) =>
        outside < 0 ? expr : this.push({ kind: 'select', guards: [guard], inside: expr, outside, dtype }),
      -1,
    )
  }
}

/** Index maps of the movement ops that neither pad nor reshape: from axes of the result to axes of the input. */
function moveAxes(node: LocalNode, axes: readonly Affine[], from: Shape, rank: number): Affine[] {
  const attrs = node.attrs as { [name: string]: readonly number[] }
  switch (node.op) {
    case 'transpose':
      return from.map((_, a) => axes[attrs.perm!.indexOf(a)]!)
    case 'broadcast':
      return from.map((d, a) => (d === 1 ? constantAffine(rank, 0) : axes[attrs.axes![a]!]!))
    case 'slice':
      return from.map((_, a) => addScaled(constantAffine(rank, attrs.start![a]!), axes[a]!, attrs.step![a]!))
    case 'flip':
      return from.map((d, a) =>
        attrs.axes!.includes(a) ? addScaled(constantAffine(rank, d - 1), axes[a]!, -1) : axes[a]!,
      )
    default:
      throw new Error(`no index map for ${node.op}`)
  }
}

interface ReduceDomain {
  readonly full: Shape
  readonly fullMap: IndexMap
  readonly over: readonly number[]
  readonly keptMap: IndexMap
}

/** Adds reductions: each is read at its kept point, and its own input is written over the whole domain. */
class ReduceWriter extends Writer {
  readonly reductions: Reduction[] = []
  readonly #at: ReduceDomain
  readonly #index = new Map<LocalId, number>()
  /** The stage that each expression can be computed in: after the reductions that it reads. */
  readonly #ready: number[] = []

  constructor(region: LookUp, domain: Shape, at: ReduceDomain) {
    super(region, domain)
    this.#at = at
  }

  protected override push(expr: Expr): number {
    const ready = (i: number) => this.#ready[i]!
    this.#ready.push(
      expr.kind === 'reduced'
        ? this.reductions[expr.reduction]!.stage + 1
        : expr.kind === 'apply'
          ? Math.max(0, ...expr.args.map(ready))
          : expr.kind === 'select'
            ? Math.max(ready(expr.inside), ready(expr.outside))
            : 0,
    )
    return super.push(expr)
  }

  protected override node(node: LocalNode, local: LocalId, map: IndexMap, guards: readonly Guard[]): number {
    if (opDef(node.op).kind !== 'reduction') return super.node(node, local, map, guards)
    const { full, fullMap, over, keptMap } = this.#at
    const [input] = node.inputs as [LocalId]
    const axes = (node.attrs as { axes: readonly number[] }).axes
    if (
      !sameShape(this.region.type(input).shape, full) ||
      axes.length !== over.length ||
      axes.some((a, i) => a !== over[i])
    )
      throw new Unfusable(local, 'reductions over different axes')
    if (!sameAffine(map.flat, keptMap.flat))
      throw new Unfusable(local, 'a reduction is read at another point')
    let index = this.#index.get(local)
    if (index === undefined) {
      const expr = this.value(input, fullMap, [])
      const { dtype } = this.region.type(local)
      index = this.reductions.push({ op: node.op as ReductionOp, expr, dtype, stage: this.#ready[expr]! }) - 1
      this.#index.set(local, index)
    }
    return this.push({ kind: 'reduced', reduction: index, dtype: this.region.type(local).dtype })
  }
}

/** Adds the anchor: its result may be read at the domain's own point alone. */
class AnchorWriter extends Writer {
  readonly #anchor: { readonly node: LocalNode; readonly first: LocalId }
  readonly #identity: IndexMap

  constructor(region: LookUp, domain: Shape, anchor: { node: LocalNode; first: LocalId }) {
    super(region, domain)
    this.#anchor = anchor
    this.#identity = identityMap(domain)
  }

  protected override node(node: LocalNode, local: LocalId, map: IndexMap, guards: readonly Guard[]): number {
    if (node !== this.#anchor.node) return super.node(node, local, map, guards)
    if (guards.length > 0 || !sameAffine(map.flat, this.#identity.flat))
      throw new Unfusable(local, 'the anchor is read at another point')
    const result = local - this.#anchor.first
    return this.push({ kind: 'anchor', result, dtype: this.region.type(local).dtype })
  }
}

function showAffine(a: Affine): string {
  return `${a.offset}+${a.coefs.join(',')}`
}

function showMap(map: IndexMap): string {
  return map.axes === null ? `flat ${showAffine(map.flat)}` : map.axes.map(showAffine).join(' ')
}
