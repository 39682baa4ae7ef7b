import { vjp } from '@stint/autodiff'
import { type Type, trace, type Value } from '@stint/graph'
import type { Found } from './compare.ts'
import { arrayOf, type Build, type Context, type Operands, typeOf } from './context.ts'
import type { Arrays } from './executor.ts'

/** An ordinary case: outputs, and the cotangents of its inputs. */
export async function runOp(at: Context, build: Build): Promise<Found[]> {
  const { case: c } = at
  const wrt = c.inputs.filter((_, i) => c.grads[i] != null)
  const cotangents = cotangentsOf(at)
  const outputs = (x: Operands): readonly Value[] => {
    const y = build(byRole(at, x), c.attrs as never)
    return Array.isArray(y) ? y : [y as Value]
  }
  const found = await run(at, [...c.inputs, ...cotangents.filter(name => name !== null)], x => {
    const y = outputs(x)
    const named = Object.fromEntries(c.outputs.map((name, i) => [name, y[i] as Value]))
    if (wrt.length === 0) return named
    const differentiated = (list: readonly Value[]): Value[] => list.filter((_, o) => cotangents[o] !== null)
    const inner = (given: Operands): Value[] => differentiated(outputs({ ...x, ...given }))
    const [values, back] = vjp(inner, Object.fromEntries(wrt.map(name => [name, x[name] as Value])))
    const up = cotangents.filter(name => name !== null).map((name, i) => x[name]!.reshape(values[i]!.shape))
    const [grads] = back(up)
    return { ...named, ...Object.fromEntries(wrt.map(name => [gradOf(at, name), grads[name] as Value])) }
  })
  return [...c.outputs, ...wrt.map(name => gradOf(at, name))].map(name => judged(at, name, found))
}

/**
 * Traces a function of the stored tensors named, runs it once, and gives its outputs by name. Dots in the names of
 * tensors are kept: the result of `fn` is a flat record.
 */
export async function run(
  at: Context,
  names: readonly string[],
  fn: (x: Operands) => { readonly [output: string]: Value },
): Promise<Arrays> {
  const tensors = names.map(name => at.suite.tensor(at.case, name))
  const types = tensors.map((t): Type => typeOf(t, at.dtype))
  let outputs: string[] = []
  const { graph } = trace(
    (...x: Value[]) => {
      const results = fn(Object.fromEntries(names.map((name, i) => [name, x[i] as Value])))
      outputs = Object.keys(results)
      return Object.values(results)
    },
    types,
    { name: at.case.id },
  )
  const machine = await at.executor.open(graph)
  try {
    const inputs = tensors.map((t, i) => [String(i), arrayOf(t, (types[i] as Type).dtype)] as const)
    const results = await machine.run(Object.fromEntries(inputs))
    return Object.fromEntries(outputs.map((name, i) => [name, results[String(i)]!]))
  } finally {
    await machine.close()
  }
}

/** What came for a stored tensor, beside what is stored. */
export function judged(at: Context, name: string, results: Arrays): Found {
  return { name, got: results[name] ?? [], expected: at.suite.tensor(at.case, name).data }
}

/** Inputs by role in place of tensor name. */
export function byRole({ case: c }: Context, x: Operands): Operands {
  return Object.fromEntries(c.inputs.map((name, i) => [c.inputRoles[i] as string, x[name] as Value]))
}

/** For each output the name of its cotangent, or null. */
function cotangentsOf({ case: { outputs, gradOutput } }: Context): (string | null)[] {
  if (Array.isArray(gradOutput)) return [...gradOutput]
  return outputs.map((_, i) => (i === 0 ? (gradOutput as string | null) : null))
}

function gradOf({ case: c }: Context, input: string): string {
  return c.grads[c.inputs.indexOf(input)] as string
}
