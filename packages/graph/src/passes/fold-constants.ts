import { type TypedArray, viewOf } from '../dtype.ts'
import type { Dense } from '../evaluate/dense.ts'
import { evaluateNode } from '../evaluate/index.ts'
import type { Graph, Node, ValueId } from '../graph.ts'
import { opDef } from '../ops/index.ts'
import { bytesOf, sizeOf, type Type } from '../type.ts'
import { deadCode } from './dead-code.ts'
import { type Rewriter, rewrite } from './rewrite.ts'
import { splatOf, splatResult } from './splat.ts'

/** Most elements read or written, and most FLOP, of a node that is computed ahead. */
const most = { elements: 2 ** 16, flops: 2 ** 20 }

/**
 * Computes ahead what depends on constants alone, by the rules of `evaluate`, so that the bits are the same. A result
 * that repeats one number becomes `full`, which takes no memory; another one becomes a constant where it takes no more
 * bytes than the constants that go with it, so that constants never grow. What is dead then goes, too.
 */
export function foldConstants(graph: Graph): Graph {
  const readers = countReaders(graph)
  /** Bytes of each constant, by new id, that nothing but one node reads. */
  const spare = new Map<ValueId, number>()
  const folded = rewrite(
    graph,
    {
      constant({ value, bytes }, type, out) {
        const number = uniform(view(type, bytes))
        if (number !== undefined) return full(out, type, number)
        if (readers[value] === 1) spare.set(out.values.length, bytes.length)
        return undefined
      },
      node(node, out) {
        if (node.results.length !== 1 || node.inputs.length === 0) return undefined
        const number = splatResult(node, out)
        if (number !== undefined) return [full(out, resultType(node, out), number, node)]
        const data = compute(node, out, spare)
        if (data === undefined) return undefined
        const type = resultType(node, out)
        const same = uniform(data)
        if (same !== undefined) return [full(out, type, same, node)]
        const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
        const folded = out.constant(type, bytes)
        if (readers[node.results[0] as ValueId] === 1) spare.set(folded, bytes.length)
        return [folded]
      },
    },
    foldConstants,
  )
  return folded === graph ? graph : deadCode(folded)
}

/** How many nodes read each value; outputs and successors of state count as one each. */
function countReaders({ values, nodes, outputs, state }: Graph): Uint32Array {
  const readers = new Uint32Array(values.length)
  const count = (id: ValueId) => {
    readers[id] = (readers[id] as number) + 1
  }
  for (const { inputs } of nodes) for (const id of new Set(inputs)) count(id)
  for (const { value } of outputs) count(value)
  for (const { next } of state) if (next !== undefined) count(next)
  return readers
}

function resultType({ op, attrs, inputs }: Node, out: Rewriter): Type {
  const types = inputs.map(id => out.type(id))
  return opDef(op).infer(types, attrs)[0] as Type
}

/** The result of a node, if all that it reads is known, it is little work, and its bytes are made up for. */
function compute(node: Node, out: Rewriter, spare: ReadonlyMap<ValueId, number>): TypedArray | undefined {
  const known = node.inputs.every(id => out.constantOf(id) !== undefined || splatOf(id, out) !== undefined)
  if (!known) return undefined
  const types = node.inputs.map(id => out.type(id))
  const type = resultType(node, out)
  const freed = [...new Set(node.inputs)].reduce((n, id) => n + (spare.get(id) ?? 0), 0)
  if (bytesOf(type) > freed && sizeOf(type.shape) > 1) return undefined
  if ([...types, type].some(t => sizeOf(t.shape) > most.elements)) return undefined
  if (opDef(node.op).flops(types, [type], node.attrs) > most.flops) return undefined
  const operands = node.inputs.map(id => dense(id, out))
  return evaluateNode(node, operands)[0]
}

function dense(id: ValueId, out: Rewriter): Dense {
  const type = out.type(id)
  const constant = out.constantOf(id)
  const data =
    constant === undefined
      ? view(type, new Uint8Array(bytesOf(type))).fill(splatOf(id, out) as number)
      : view(type, constant.bytes)
  return { type, data }
}

/** A typed array over a copy of the bytes, which may not be aligned where they are. */
function view({ dtype, shape }: Type, bytes: Uint8Array): TypedArray {
  return viewOf(dtype, new Uint8Array(bytes).buffer, 0, sizeOf(shape))
}

/** The one number that all elements are, bit for bit; 0 where there are none. */
function uniform(data: TypedArray): number | undefined {
  const first = data[0] ?? 0
  return data.every((x: number) => Object.is(x, first)) ? first : undefined
}

function full(out: Rewriter, { dtype, shape }: Type, value: number, like?: Node): ValueId {
  return out.emit('full', { value, dtype, shape }, [], like)
}
