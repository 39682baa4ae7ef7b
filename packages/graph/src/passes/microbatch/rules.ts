import type { Attrs, Node } from '../../graph.ts'
import { type DotAttrs, dotAxes } from '../../ops/contraction/dot.ts'
import { type AnchorOp, type MovementOp, opDef, type ReductionOp } from '../../ops/index.ts'
import type { Shape, Type } from '../../type.ts'

/** Where the examples of a value are: `axis` has `unit` elements for each, those of the first example first. */
export interface Batch {
  readonly axis: number
  readonly unit: number
}

/** What a node makes of examples: a value that has them, too; the sum over them; or something that mixes them. */
export type Outcome =
  | { readonly kind: 'batched'; readonly at: Batch; readonly operands: Operands }
  | { readonly kind: 'sum'; readonly operands: Operands }
  | { readonly kind: 'mixed' }

/** Where each operand must be cut; undefined: it is read whole. */
type Operands = readonly (Batch | undefined)[]

export interface RuleContext {
  readonly node: Node
  /** Where each operand has examples; undefined for one that does not depend on them. At least one does. */
  readonly at: Operands
  readonly types: readonly Type[]
  readonly result: Type
  /** How many examples there are. */
  readonly rows: number
}

type Rule = (context: RuleContext) => Outcome

const mixed: Outcome = { kind: 'mixed' }

/** What a node makes of the examples of what it reads. */
export function outcomeOf(context: RuleContext): Outcome {
  const { op } = context.node
  const { kind } = opDef(op)
  if (kind === 'elementwise') return together(context)
  return (rules as { readonly [op: string]: Rule })[op]?.(context) ?? mixed
}

/** The attributes of a node for a slice whose result has `shape`. */
export function slicedAttrs({ op, attrs }: Node, shape: Shape, axis: number | undefined): Attrs {
  if (axis === undefined) return attrs
  if (op === 'slice')
    return { ...attrs, stop: (attrs.stop as Shape).map((d, a) => (a === axis ? shape[a]! : d)) }
  return 'shape' in attrs ? { ...attrs, shape } : attrs
}

/** All operands and the result have the examples at the same place. */
function together({ at }: RuleContext): Outcome {
  const [first, ...rest] = at.filter(b => b !== undefined)
  if (first === undefined || rest.some(b => !sameBatch(b, first))) return mixed
  return { kind: 'batched', at: first, operands: at.map(() => first) }
}

function sameBatch(a: Batch, b: Batch): boolean {
  return a.axis === b.axis && a.unit === b.unit
}

/** A movement or reduction of one operand. */
function moved(at: Batch, to: number | undefined): Outcome {
  return to === undefined ? mixed : { kind: 'batched', at: { ...at, axis: to }, operands: [at] }
}

/** Along other axes than that of the examples. */
const aside =
  (touches: (attrs: Attrs, axis: number, type: Type) => boolean): Rule =>
  context => {
    const outcome = together(context)
    if (outcome.kind !== 'batched') return outcome
    const { axis } = outcome.at
    return touches(context.node.attrs, axis, context.types[0]!) ? mixed : outcome
  }

const list = (attrs: Attrs, name: string): readonly number[] => attrs[name] as readonly number[]

const product = (shape: Shape): number => shape.reduce((n, d) => n * d, 1)

/** The axis that holds whole examples, one after the other, after as many elements as before. */
function reshaped({ at: [at], types: [from], result, rows }: RuleContext): Outcome {
  const before = product(from!.shape.slice(0, at!.axis))
  const axis = result.shape.findIndex(
    (d, a) => d % rows === 0 && d > 0 && product(result.shape.slice(0, a)) === before,
  )
  if (axis < 0) return mixed
  return { kind: 'batched', at: { axis, unit: result.shape[axis]! / rows }, operands: [at] }
}

/** A sum over the examples is the sum of those over slices. */
const reduced =
  (sums: boolean): Rule =>
  ({ node, at }) => {
    const [batch] = at as [Batch]
    const axes = list(node.attrs, 'axes')
    if (!axes.includes(batch.axis)) return moved(batch, batch.axis - axes.filter(a => a < batch.axis).length)
    return sums ? { kind: 'sum', operands: [batch] } : mixed
  }

/** Examples in a contracted axis are summed over; in a batch axis, or in a free one of one operand, they stay. */
function contracted({ node, at: [a, b], types }: RuleContext): Outcome {
  const { batch, contract } = node.attrs as DotAttrs
  if (a !== undefined && b !== undefined && a.unit !== b.unit) return mixed
  const unit = (a ?? b)!.unit
  for (const [pairs, kind] of [
    [contract, 'sum'],
    [batch, 'batched'],
  ] as const) {
    const i = a !== undefined ? pairs[0].indexOf(a.axis) : pairs[1].indexOf(b!.axis)
    if (i < 0) continue
    if (a !== undefined && b !== undefined && pairs[1].indexOf(b.axis) !== i) return mixed
    const operands = pairs.map(side => ({ axis: side[i]!, unit }))
    return kind === 'sum' ? { kind, operands } : { kind, at: { axis: i, unit }, operands }
  }
  if (a !== undefined && b !== undefined) return mixed
  const { freeLeft, freeRight } = dotAxes({ batch, contract }, types[0]!.shape, types[1]!.shape)
  const free = a !== undefined ? freeLeft.indexOf(a.axis) : freeLeft.length + freeRight.indexOf(b!.axis)
  return { kind: 'batched', at: { axis: batch[0].length + free, unit }, operands: [a, b] }
}

/** Images against kernels that all share. */
const slid: Rule = ({ at: [x, w] }) =>
  x === undefined || w !== undefined || x.axis !== 0
    ? mixed
    : { kind: 'batched', at: x, operands: [x, undefined] }

/** Windows slide over the axes after the second. */
const windowed = aside((_, axis) => axis > 1)

const rules: { readonly [K in MovementOp | ReductionOp | AnchorOp]: Rule } = {
  reshape: reshaped,
  transpose: ({ node, at: [at] }) => moved(at!, list(node.attrs, 'perm').indexOf(at!.axis)),
  broadcast: ({ node, at: [at] }) => moved(at!, list(node.attrs, 'axes')[at!.axis]),
  slice: aside(
    (attrs, a, { shape }) =>
      list(attrs, 'start')[a] !== 0 || list(attrs, 'stop')[a] !== shape[a] || list(attrs, 'step')[a] !== 1,
  ),
  pad: aside((attrs, a) => list(attrs, 'before')[a] !== 0 || list(attrs, 'after')[a] !== 0),
  concat: aside((attrs, a) => attrs.axis === a),
  flip: aside((attrs, a) => list(attrs, 'axes').includes(a)),
  sum: reduced(true),
  max: reduced(false),
  min: reduced(false),
  dot: contracted,
  conv: slid,
  convInput: slid,
  convWeight: context => {
    const outcome = together(context)
    if (outcome.kind !== 'batched' || outcome.at.axis !== 0) return mixed
    return { kind: 'sum', operands: outcome.operands }
  },
  maxPool: windowed,
  maxPoolGather: windowed,
  maxPoolScatter: windowed,
  sumPool: windowed,
  sumUnpool: windowed,
  gather: ({ at: [table, index] }) =>
    table !== undefined || index === undefined
      ? mixed
      : { kind: 'batched', at: index, operands: [undefined, index] },
  scatterAdd: ({ at, types: [index] }) => {
    const [a, b] = at
    const batch = (a ?? b)!
    if (batch.axis >= index!.shape.length || (a !== undefined && b !== undefined && !sameBatch(a, b)))
      return mixed
    return { kind: 'sum', operands: [batch, batch] }
  },
}
