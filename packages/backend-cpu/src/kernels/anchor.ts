import {
  type AnchorNest,
  type Elements,
  type Expr,
  inPlacePairs,
  type Kernel,
  lowerSource,
  type Store,
} from '@stint/engine'
import { type AnchorOp, type Attrs, type DType, dtypeBytes, sizeOf, stridesOf, type Type } from '@stint/graph'
import type { Memory } from '../memory.ts'
import { convCore, convInputCore } from './conv.ts'
import { convWeightCore } from './conv-weight.ts'
import type { Core, CoreRun } from './core.ts'
import { type Design, Layout, type Run } from './design.ts'
import { dotCore } from './dot.ts'
import { gatherCore, scatterAddCore } from './indexing.ts'
import { MapDesign, type MapRun } from './map.ts'
import { poolCores } from './pool.ts'
import { isDense, type SourceType, sourceType } from './source.ts'

// `make` is a method, so that each may take the attributes of its own op.
/** Builds the loops of an anchor. A source that is not stored comes through the workspace, in row-major order. */
export interface CoreOf<A extends Attrs = Attrs> {
  /** True if the loops read stored sources by any strides; otherwise only dense ones are given as stored. */
  readonly strided?: boolean
  make(sources: readonly SourceType[], result: Type, attrs: A): Core
}

const cores: { readonly [K in AnchorOp]: CoreOf } = {
  ...poolCores,
  conv: convCore,
  convInput: convInputCore,
  convWeight: convWeightCore,
  dot: dotCore,
  gather: gatherCore,
  scatterAdd: scatterAddCore,
}

/** An anchor with what is computed before and after it. */
export function designAnchor(kernel: Kernel, nest: AnchorNest): Design {
  return new AnchorDesign(kernel, nest, cores[nest.node.op as AnchorOp])
}

/** A source that passes through the workspace. */
interface Computed {
  readonly source: number
  readonly map: MapDesign
  /** Index among the arguments of `map`, which are those of the kernel, then the buffers in the workspace. */
  readonly arg: number
  readonly offset: number
  readonly bytes: number
}

class AnchorDesign implements Design {
  readonly workspaceBytes: number
  readonly core: Core
  readonly operands: number
  readonly results: number
  /** The argument that each source and the result are at. */
  readonly places: readonly number[]
  /** Bytes from there to the first element of each. */
  readonly offsets: number[]
  readonly computed: readonly Computed[]
  readonly epilogue: MapDesign | null
  readonly raw: { readonly offset: number; readonly bytes: number } | null
  readonly coreOffset: number
  readonly mapOffset: number
  readonly resultSize: number

  constructor(kernel: Kernel, nest: AnchorNest, { make, strided = false }: CoreOf) {
    const { node, sources, epilogue, stores } = nest
    this.operands = kernel.operands.length
    this.results = kernel.results.length
    const [type] = node.types as [Type]
    this.resultSize = sizeOf(type.shape)
    const types = sources
      .map(s => sourceType(kernel, s))
      .map(s => (strided || isDense(s) ? s : { ...s, stored: null }))
    this.core = make(types, type, node.attrs)
    const { items, chunk, resultUnit } = this.core
    const layout = new Layout()
    const buffer = (dtype: DType, unit: number, whole: number): { offset: number; bytes: number } => {
      const bytes = dtypeBytes(dtype)
      return { bytes, offset: layout.add(bytes * (unit === 0 ? whole : Math.min(chunk, items) * unit)) }
    }
    let next = this.operands + this.results
    const computed: Computed[] = []
    this.offsets = [...sources.map(() => 0), 0]
    this.places = sources.map((source, i) => {
      const order = this.core.sourceOrders?.[i]
      const { stored } = types[i]!
      if (stored !== null && order === undefined) {
        this.offsets[i] = stored.offset * dtypeBytes(source.type.dtype)
        return stored.operand
      }
      const local = source.kind === 'operand' ? source.operand : source.local
      const unit = this.core.sourceUnits[i]!
      const elements = lowerSource(kernel, local, order)
      const map = sourceMap(elements, source.type.dtype, next, unit)
      const size = sizeOf(source.type.shape)
      computed.push({ source: i, map, arg: next, ...buffer(source.type.dtype, unit, size) })
      return next++
    })
    this.computed = computed
    const direct = directResult(nest)
    if (direct === null) {
      const exprs = epilogue.exprs.map(e => anchorToLoad(e, next, epilogue.domain))
      const unit = resultUnit === 0 ? this.resultSize : resultUnit
      const pairs = inPlacePairs(kernel, nest)
      this.epilogue = new MapDesign({ domain: epilogue.domain, exprs, stores }, this.operands, pairs, unit)
      this.raw = buffer(type.dtype, resultUnit, this.resultSize)
    } else {
      this.epilogue = null
      this.raw = null
    }
    this.places = [...this.places, direct === null ? next : this.operands + direct]
    this.coreOffset = layout.add(this.core.workspaceBytes)
    // The maps before and after never run at the same time.
    const maps = [...computed.map(c => c.map), ...(this.epilogue === null ? [] : [this.epilogue])]
    this.mapOffset = layout.add(Math.max(0, ...maps.map(m => m.workspaceBytes)))
    this.workspaceBytes = layout.bytes
  }

  compile(memory: Memory): Run {
    return new AnchorRun(this, memory)
  }
}

/** Writes the elements of a source, in the order of their domain, to argument `arg`. */
function sourceMap(
  { domain, exprs, expr }: Elements & { readonly expr: number },
  dtype: DType,
  arg: number,
  unit: number,
): MapDesign {
  const store: Store = { result: 0, expr, at: { offset: 0, coefs: stridesOf(domain) }, dtype }
  return new MapDesign({ domain, exprs, stores: [store] }, arg, [], unit === 0 ? sizeOf(domain) : unit)
}

/** The result that is the anchor itself, where nothing else is computed; null otherwise. */
function directResult({ epilogue: { domain, exprs }, stores }: AnchorNest): number | null {
  const [store, ...more] = stores as [Store, ...Store[]]
  const strides = stridesOf(domain)
  const dense = store.at.offset === 0 && store.at.coefs.every((c, i) => domain[i] === 1 || c === strides[i])
  return more.length === 0 && exprs[store.expr]!.kind === 'anchor' && dense ? store.result : null
}

/** The anchor's result as an operand of its epilogue. */
function anchorToLoad(expr: Expr, arg: number, domain: readonly number[]): Expr {
  if (expr.kind !== 'anchor') return expr
  if (expr.result !== 0) throw new RangeError('an anchor has one result')
  return {
    kind: 'load',
    operand: arg,
    at: { offset: 0, coefs: stridesOf(domain) },
    guards: [],
    dtype: expr.dtype,
  }
}

class AnchorRun implements Run {
  readonly #design: AnchorDesign
  readonly #core: CoreRun
  readonly #sources: readonly MapRun[]
  readonly #epilogue: MapRun | null
  readonly #args: number[]
  readonly #places: number[]
  /** Items a call. */
  readonly #step: number

  constructor(design: AnchorDesign, memory: Memory) {
    const { core, computed, epilogue, operands, results } = design
    this.#design = design
    this.#core = core.compile(memory)
    this.#sources = computed.map(c => c.map.compile(memory))
    this.#epilogue = epilogue === null ? null : epilogue.compile(memory)
    this.#args = new Array<number>(operands + results + computed.length + 1).fill(0)
    this.#places = design.places.map(() => 0)
    const inParts =
      computed.some(c => core.sourceUnits[c.source]! > 0) || (epilogue !== null && core.resultUnit > 0)
    this.#step = inParts ? core.chunk : core.items
  }

  run(args: readonly number[], workspace: number): void {
    const { computed, operands, results, core, resultSize } = this.#design
    const own = this.#args
    for (let i = 0; i < operands + results; i++) own[i] = args[i]!
    for (let i = 0; i < computed.length; i++) this.#compute(i, 0, 0, workspace)
    for (let from = 0; from < core.items; from += this.#step) {
      const to = Math.min(core.items, from + this.#step)
      for (let i = 0; i < computed.length; i++) this.#compute(i, from, to, workspace)
      this.#item(from, to, workspace)
    }
    if (core.items === 0) this.#item(0, 0, workspace)
    if (core.resultUnit === 0 && this.#epilogue !== null)
      this.#epilogue.range(own, workspace + this.#design.mapOffset, 0, resultSize)
  }

  /** What items `from` to before `to` read of a computed source; with none of them, what all read. */
  #compute(index: number, from: number, to: number, workspace: number): void {
    const { computed, core, mapOffset } = this.#design
    const { source, arg, offset, bytes } = computed[index]!
    const unit = core.sourceUnits[source]!
    const map = this.#sources[index]!
    if (to === 0 ? unit > 0 : unit === 0) return
    this.#args[arg] = workspace + offset - from * unit * bytes
    if (unit === 0) map.run(this.#args, workspace + mapOffset)
    else map.range(this.#args, workspace + mapOffset, from * unit, to * unit)
  }

  #item(from: number, to: number, workspace: number): void {
    const { core, places, offsets, raw, coreOffset, mapOffset } = this.#design
    const args = this.#args
    const unit = core.resultUnit
    if (raw !== null) args[places[places.length - 1]!] = workspace + raw.offset - from * unit * raw.bytes
    for (let i = 0; i < places.length; i++) this.#places[i] = args[places[i]!]! + offsets[i]!
    this.#core.run(from, to, this.#places, workspace + coreOffset)
    if (unit > 0 && this.#epilogue !== null)
      this.#epilogue.range(args, workspace + mapOffset, from * unit, to * unit)
  }
}
