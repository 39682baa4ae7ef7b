import type { Attr, Attrs, OpName, Type } from '@stint/graph'
import { showType } from '@stint/graph'

/** Local values of a kernel: its operands from 0, then the results of its nodes, in order. */
export type LocalId = number

/** A graph node inside a kernel, without its site. */
export interface LocalNode {
  readonly op: OpName
  readonly attrs: Attrs
  readonly inputs: readonly LocalId[]
  /** Types of the results, which take the next local ids. */
  readonly types: readonly Type[]
}

/**
 * A region of the graph that runs at once: at most one anchor (contraction, convolution, window, gather …) with
 * elementwise work before and after it, or reductions over the same axes with elementwise work between them, or
 * elementwise work alone. Movement is an index map inside. It gives exactly the numbers of its nodes run one by one.
 *
 * It is the unit of fusion, cost and workspace; kernels of equal signature are one kernel.
 */
export interface Kernel {
  /** Everything the kernel computes, as text: equal for equal kernels, free of sites, names and value ids. */
  readonly signature: string
  readonly operands: readonly Type[]
  readonly body: readonly LocalNode[]
  readonly results: readonly KernelResult[]
}

export interface KernelResult {
  readonly type: Type
  readonly local: LocalId
}

/** A kernel without its signature: enough to work out how it would run. */
export type Region = Omit<Kernel, 'signature'>

export function regionOf(
  operands: readonly Type[],
  body: readonly LocalNode[],
  results: readonly LocalId[],
): Region {
  const types = localTypes(operands, body)
  return { operands, body, results: results.map(local => ({ local, type: types[local]! })) }
}

/** Builds a kernel and its signature. */
export function kernelOf(
  operands: readonly Type[],
  body: readonly LocalNode[],
  results: readonly LocalId[],
): Kernel {
  return sealed(regionOf(operands, body, results))
}

/** A region with its signature. */
export function sealed({ operands, body, results }: Region): Kernel {
  return { operands, body, results, signature: signatureOf(operands, body, results) }
}

/** The type of every local value. */
export function localTypes(operands: readonly Type[], body: readonly LocalNode[]): Type[] {
  const types = [...operands]
  for (const node of body) types.push(...node.types)
  return types
}

function signatureOf(
  operands: readonly Type[],
  body: readonly LocalNode[],
  results: readonly KernelResult[],
): string {
  let next = operands.length
  const lines = body.map(node => {
    const ids = node.types.map(t => `%${next++}:${showType(t)}`)
    return `${ids.join(',')}=${node.op}(${node.inputs.map(i => `%${i}`).join(',')})${showAttr(node.attrs)}`
  })
  return `(${operands.map(showType).join(',')})=>{${lines.join(';')}}=>(${results.map(r => `%${r.local}`).join(',')})`
}

/** Attributes as text with sorted keys; −0, infinities and NaN told apart, which JSON does not. */
function showAttr(attr: Attr): string {
  if (typeof attr === 'number') return Object.is(attr, -0) ? '-0' : String(attr)
  if (Array.isArray(attr)) return `[${attr.map(showAttr).join(',')}]`
  if (typeof attr !== 'object' || attr === null) return JSON.stringify(attr)
  const entries = Object.entries(attr as { [key: string]: Attr })
  return `{${entries
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}:${showAttr(value)}`)
    .join(',')}}`
}
