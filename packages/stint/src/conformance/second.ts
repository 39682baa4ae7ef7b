import { grad, hessian, hvp, jacobian, jvp } from '@stint/autodiff'
import { norm, type Value } from '@stint/graph'
import type { Found } from './compare.ts'
import { type Build, type Context, type Operands, Unsupported } from './context.ts'
import { type Expression, expressions, inner, perceptron } from './families/expressions.ts'
import { byRole, judged, run } from './op-case.ts'

interface SecondAttrs {
  readonly expr: string
  readonly wrt?: readonly string[]
  readonly inner?: string
}

/** The function that a case names. */
function expressionOf({ case: c }: Context): (x: Operands) => Value {
  const attrs = c.attrs as unknown as SecondAttrs & Parameters<Expression>[1]
  if (attrs.inner === undefined) {
    const found = expressions[attrs.expr]
    if (found === undefined) throw new Unsupported(`no expression '${attrs.expr}'`)
    return x => found(x, attrs)
  }
  const found = inner[attrs.inner]
  if (found === undefined) throw new Unsupported(`no expression '${attrs.inner}'`)
  return x => found(x, attrs).square().mul(x.c!).sum().mul(0.5)
}

/** Outputs by role in place of tensor name. */
type Outputs = { readonly [role: string]: Value }

/** Runs a case whose outputs are derivatives: `fn` gives them by role. */
async function runDerivatives(
  at: Context,
  fn: (x: Operands, f: (x: Operands) => Value) => Outputs,
): Promise<Found[]> {
  const { case: c } = at
  const f = expressionOf(at)
  const results = await run(at, c.inputs, x => {
    const found = fn(byRole(at, x), f)
    return Object.fromEntries(c.outputs.map((name, i) => [name, found[c.outputRoles[i] as string] as Value]))
  })
  return c.outputs.map(name => judged(at, name, results))
}

/** The inputs named, apart from the others. */
function pick(x: Operands, names: readonly string[], prefix = ''): Operands {
  return Object.fromEntries(names.map(name => [name, x[prefix + name] as Value]))
}

function prefixed(prefix: string, x: Operands): Outputs {
  return Object.fromEntries(Object.entries(x).map(([name, v]) => [prefix + name, v]))
}

export function runHvp(at: Context): Promise<Found[]> {
  const wrt = at.case.attrs.wrt as readonly string[]
  return runDerivatives(at, (x, f) => {
    const own = (p: Operands): Value => f({ ...x, ...p })
    const p = pick(x, wrt)
    const product = hvp(own, p, pick(x, wrt, 'v.'))
    return { value: own(p), ...prefixed('grad.', grad(own)(p)), ...prefixed('hv.', product) }
  })
}

export function runJvp(at: Context): Promise<Found[]> {
  const wrt = at.case.attrs.wrt as readonly string[]
  return runDerivatives(at, (x, f) => {
    const along = x.v === undefined ? pick(x, wrt, 'v.') : { [wrt[0] as string]: x.v }
    const [value, jv] = jvp((p: Operands) => f({ ...x, ...p }), [pick(x, wrt)], [along])
    return { value, jv }
  })
}

export function runJacobian(at: Context): Promise<Found[]> {
  return runDerivatives(at, (x, f) => {
    const own = (p: Value): Value => f({ ...x, x: p })
    return { value: own(x.x!), jacobian: jacobian(own)(x.x!) }
  })
}

export function runHessian(at: Context): Promise<Found[]> {
  return runDerivatives(at, (x, f) => {
    const own = (p: Value): Value => f({ ...x, x: p })
    return { value: own(x.x!), hessian: hessian(own)(x.x!) }
  })
}

/** Elementwise first to third derivative: gradients of sums of gradients. */
export function runDerivative(at: Context): Promise<Found[]> {
  return runDerivatives(at, (x, f) => {
    const value = (p: Value): Value => f({ x: p })
    const derivative =
      (fn: (p: Value) => Value) =>
      (p: Value): Value =>
        grad((q: Value) => fn(q).sum())(p)
    const first = derivative(value)
    const second = derivative(first)
    const third = derivative(second)
    return { value: value(x.x!), first: first(x.x!), second: second(x.x!), third: third(x.x!) }
  })
}

/** An ordinary case whose function holds a gradient: mean of (‖∂ Σ net(x) / ∂x‖ − 1)² (Gulrajani et al. 2017). */
export const gradientPenalty: Build = x => {
  const slope = grad((p: Value) => perceptron({ ...x, x: p }).sum())(x.x!)
  return norm(slope, 1).sub(1).square().mean()
}
