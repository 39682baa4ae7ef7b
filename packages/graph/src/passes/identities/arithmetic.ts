import { isFloat, isInteger } from '../../dtype.ts'
import type { Node, ValueId } from '../../graph.ts'
import type { OpName } from '../../ops/index.ts'
import type { Rewriter } from '../rewrite.ts'
import { splatOf } from '../splat.ts'
import { type Identities, type Identity, isSplat, operand, producedBy } from './rule.ts'

/** The operand beside one that is `x` everywhere, of a commutative op. */
function beside(x: number): Identity {
  return (node, out) => {
    if (isSplat(operand(node, 1), x, out)) return operand(node, 0)
    return isSplat(operand(node, 0), x, out) ? operand(node, 1) : undefined
  }
}

/** The operand that is `x` everywhere, of a commutative op that is then `x`. */
function absorbing(x: number): Identity {
  return ({ inputs }, out) => inputs.find(id => isSplat(id, x, out))
}

/** The first operand if the second is `x` everywhere. */
function right(x: number): Identity {
  return (node, out) => (isSplat(operand(node, 1), x, out) ? operand(node, 0) : undefined)
}

const integers: (then: Identity) => Identity = then => (node, out) =>
  isInteger(out.type(operand(node)).dtype) ? then(node, out) : undefined

/** The operand of the op itself, or of one that it undoes: f(f(x)) = x. */
function involution(op: OpName): Identity {
  return (node, out) => producedBy(op, operand(node), out)?.inputs[0]
}

/** f(f(x)) = f(x). */
function idempotent(op: OpName): Identity {
  return (node, out) => (out.producer(operand(node))?.op === op ? operand(node) : undefined)
}

/** f(x, x) = x. */
const same: Identity = node => (operand(node, 0) === operand(node, 1) ? operand(node) : undefined)

/** The first that applies. */
function first(...rules: readonly Identity[]): Identity {
  return (node, out) => {
    for (const rule of rules) {
      const id = rule(node, out)
      if (id !== undefined) return id
    }
    return undefined
  }
}

/** |−x| = |x|, save for unsigned integers, which wrap. */
function absOfNeg(node: Node, out: Rewriter): ValueId | undefined {
  const x = operand(node)
  const inner = producedBy('neg', x, out)
  const { dtype } = out.type(x)
  return inner && (isFloat(dtype) || dtype === 'i32') ? out.emit('abs', {}, inner.inputs, node) : undefined
}

/** (−x)² = |x|² = x². */
function squareOfSign(node: Node, out: Rewriter): ValueId | undefined {
  const inner = producedBy('neg', operand(node), out) ?? producedBy('abs', operand(node), out)
  return inner && out.emit('square', {}, inner.inputs, node)
}

function where(node: Node, out: Rewriter): ValueId | undefined {
  const [condition, a, b] = node.inputs as [ValueId, ValueId, ValueId]
  if (a === b) return a
  const always = splatOf(condition, out)
  return always === undefined ? undefined : always !== 0 ? a : b
}

/** x⁰ = 1 for every x, NaN included, as C99 and IEEE 754 have it. */
const powerOfNought: Identity = (node, out) => {
  if (splatOf(operand(node, 1), out) !== 0) return undefined
  const { dtype, shape } = out.type(operand(node))
  return out.emit('full', { value: 1, dtype, shape }, [], node)
}

/**
 * Exact for every number, ±0, ±∞ and NaN included. So x + 0 stays (−0 + 0 = 0), x · 0 stays save for integers (∞ · 0 is
 * NaN), and x − x stays, while x + (−0), x − 0, x · 1 and x / 1 are x.
 */
export const arithmetic: Identities = {
  add: first(beside(-0), integers(beside(0))),
  sub: right(0),
  mul: first(beside(1), integers(absorbing(0))),
  div: right(1),
  pow: first(right(1), powerOfNought),
  neg: involution('neg'),
  not: involution('not'),
  abs: first(idempotent('abs'), absOfNeg),
  square: squareOfSign,
  relu: idempotent('relu'),
  sign: idempotent('sign'),
  floor: idempotent('floor'),
  ceil: idempotent('ceil'),
  round: idempotent('round'),
  stopGradient: idempotent('stopGradient'),
  maximum: same,
  minimum: same,
  and: first(same, beside(1), absorbing(0)),
  or: first(same, beside(0), absorbing(1)),
  where,
}
