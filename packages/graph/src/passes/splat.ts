import { allocate, type DType } from '../dtype.ts'
import { stored } from '../evaluate/dense.ts'
import { evaluateNode } from '../evaluate/index.ts'
import type { Node, ValueId } from '../graph.ts'
import { opDef } from '../ops/index.ts'
import { sizeOf, type Type } from '../type.ts'
import type { Rewriter } from './rewrite.ts'

/** The number that every element of a value is, as its dtype holds it; undefined where that is not known. */
export function splatOf(id: ValueId, out: Rewriter): number | undefined {
  const node = out.producer(id)
  return node?.op === 'full' ? held(node.attrs.value as number, out.type(id).dtype) : undefined
}

/** The number that every element of a node's result is, where it follows from inputs that repeat one number. */
export function splatResult(node: Node, out: Rewriter): number | undefined {
  const numbers: number[] = []
  for (const id of node.inputs) {
    const x = splatOf(id, out)
    if (x === undefined) return undefined
    numbers.push(x)
  }
  const types = node.inputs.map(id => out.type(id))
  switch (opDef(node.op).kind) {
    case 'elementwise':
      return onScalars(node, numbers, types)
    case 'movement':
      return moved(node, numbers, types[0] as Type)
    case 'reduction':
      return reduced(node, numbers[0] as number, types[0] as Type)
    default:
      return undefined
  }
}

/** What an element of `dtype` is once `x` is stored in it. */
function held(x: number, dtype: DType): number {
  return allocate(dtype, 1).fill(stored(x, { dtype, shape: [] }))[0] as number
}

function onScalars(node: Node, numbers: readonly number[], types: readonly Type[]): number | undefined {
  const operands = types.map(({ dtype }, i) => ({
    type: { dtype, shape: [] },
    data: allocate(dtype, 1).fill(numbers[i] as number),
  }))
  return evaluateNode(node, operands)[0]?.[0]
}

function moved({ op, attrs }: Node, numbers: readonly number[], { dtype, shape }: Type): number | undefined {
  const fill = op === 'pad' ? [held(attrs.value as number, dtype)] : []
  const from = op === 'pad' && sizeOf(shape) === 0 ? fill : [...numbers, ...fill]
  return from.every(x => Object.is(x, from[0])) ? from[0] : undefined
}

/** Most elements that are added up ahead. */
const most = 2 ** 16

function reduced(node: Node, x: number, { dtype, shape }: Type): number | undefined {
  const count = sizeOf((node.attrs.axes as readonly number[]).map(a => shape[a] as number))
  if (count > most) return undefined
  const data = allocate(dtype, count).fill(x)
  return evaluateNode({ op: node.op, attrs: { axes: [0] } }, [
    { type: { dtype, shape: [count] }, data },
  ])[0]?.[0]
}
