import type { Node, ValueId } from '../../graph.ts'
import type { ReductionAttrs } from '../../ops/reduction/define.ts'
import { type Shape, sameShape } from '../../type.ts'
import type { Rewriter } from '../rewrite.ts'
import { type Identities, type Identity, operand, producedBy } from './rule.ts'

type List = readonly number[]

const at = (list: List, i: number) => list[i] as number
const isNone = (list: List) => list.every(n => n === 0)

function reshape(node: Node, out: Rewriter): ValueId | undefined {
  const inner = producedBy('reshape', operand(node), out)
  const x = inner === undefined ? operand(node) : operand(inner)
  const shape = node.attrs.shape as Shape
  if (sameShape(out.type(x).shape, shape)) return x
  return inner && out.emit('reshape', { shape }, [x], node)
}

function transpose(node: Node, out: Rewriter): ValueId | undefined {
  const inner = producedBy('transpose', operand(node), out)
  const x = inner === undefined ? operand(node) : operand(inner)
  const outer = node.attrs.perm as List
  const perm = inner === undefined ? outer : outer.map(a => at(inner.attrs.perm as List, a))
  if (perm.every((a, i) => a === i)) return x
  return inner && out.emit('transpose', { perm }, [x], node)
}

function broadcast(node: Node, out: Rewriter): ValueId | undefined {
  const inner = producedBy('broadcast', operand(node), out)
  const x = inner === undefined ? operand(node) : operand(inner)
  const { shape, axes } = node.attrs as { shape: Shape; axes: List }
  if (sameShape(out.type(x).shape, shape)) return x
  const through = inner && (inner.attrs.axes as List).map(a => at(axes, a))
  return through && out.emit('broadcast', { shape, axes: through }, [x], node)
}

type SliceAttrs = { start: List; stop: List; step: List }

function slice(node: Node, out: Rewriter): ValueId | undefined {
  const x = operand(node)
  const { shape } = out.type(x)
  const outer = node.attrs as SliceAttrs
  if (isNone(outer.start) && outer.stop.every((n, a) => n === shape[a]) && outer.step.every(n => n === 1))
    return x
  const inner = producedBy('slice', x, out)
  if (inner === undefined) return undefined
  const within = inner.attrs as SliceAttrs
  const start = outer.start.map((n, a) => at(within.start, a) + n * at(within.step, a))
  const step = outer.step.map((n, a) => n * at(within.step, a))
  const length = outer.start.map((n, a) => Math.ceil((at(outer.stop, a) - n) / at(outer.step, a)))
  // An empty slice may begin one step beyond the last element that the inner one takes.
  const begin = start.map((n, a) => (length[a] === 0 ? at(within.start, a) : n))
  const stop = begin.map((n, a) => (length[a] === 0 ? n : n + (at(length, a) - 1) * at(step, a) + 1))
  return out.emit('slice', { start: begin, stop, step }, inner.inputs, node)
}

type PadAttrs = { before: List; after: List; value: number }

function pad(node: Node, out: Rewriter): ValueId | undefined {
  const { before, after, value } = node.attrs as PadAttrs
  if (isNone(before) && isNone(after)) return operand(node)
  const inner = producedBy('pad', operand(node), out)
  if (inner === undefined) return undefined
  const within = inner.attrs as PadAttrs
  if (!Object.is(within.value, value)) return undefined
  const add = (a: List, b: List) => a.map((n, i) => n + at(b, i))
  const both = { before: add(before, within.before), after: add(after, within.after), value }
  return out.emit('pad', both, inner.inputs, node)
}

/** Reversing an axis of one element does nothing, and reversing an axis twice neither. */
function flip(node: Node, out: Rewriter): ValueId | undefined {
  const inner = producedBy('flip', operand(node), out)
  const x = inner === undefined ? operand(node) : operand(inner)
  const { shape } = out.type(x)
  const outer = node.attrs.axes as List
  const within = (inner?.attrs.axes ?? []) as List
  const odd = shape.flatMap((d, a) => (d > 1 && outer.includes(a) !== within.includes(a) ? [a] : []))
  if (odd.length === 0) return x
  if (inner === undefined && odd.length === outer.length) return undefined
  return out.emit('flip', { axes: odd }, [x], node)
}

const concat: Identity = ({ inputs }) => (inputs.length === 1 ? inputs[0] : undefined)

/** The extreme of one element is that element. Not so for a sum, which starts at +0: of −0 alone it is 0. */
function extreme(node: Node, out: Rewriter): ValueId | undefined {
  const x = operand(node)
  const { shape } = out.type(x)
  const { axes } = node.attrs as ReductionAttrs
  if (axes.some(a => shape[a] !== 1)) return undefined
  const kept = shape.filter((_, a) => !axes.includes(a))
  return axes.length === 0 ? x : out.emit('reshape', { shape: kept }, [x], node)
}

/** Movement that does nothing, and two of one kind that are one. */
export const movement: Identities = {
  broadcast,
  concat,
  flip,
  max: extreme,
  min: extreme,
  pad,
  reshape,
  slice,
  transpose,
}
