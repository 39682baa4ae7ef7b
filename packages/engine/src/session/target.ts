import { StintError } from '@stint/graph'
import type { Target } from '../backend.ts'
import type { KernelTime } from './measure.ts'

/** A target that cannot be used: not the form of one, or of another backend. */
export class TargetError extends StintError {
  constructor(what: string, fields: { expected?: string; got?: string; hint?: string } = {}) {
    super('BAD_TARGET', what, fields)
  }
}

/** A target from parsed JSON, as `JSON.stringify(target)` writes it. Throws TargetError. */
export function parseTarget(json: unknown): Target {
  const file = record(json, 'the file')
  const costs = record(file.costs, 'costs')
  const whole = (name: string, least: number): number => {
    const x = file[name]
    if (!Number.isSafeInteger(x) || (x as number) < least) throw bad(name, `a whole number from ${least}`, x)
    return x as number
  }
  if (typeof file.backend !== 'string') throw bad('backend', 'the name of a backend', file.backend)
  const features = record(file.features, 'features')
  for (const [name, x] of Object.entries(features))
    if (!['number', 'string', 'boolean'].includes(typeof x)) throw bad(`features.${name}`, 'plain', x)
  return {
    backend: file.backend,
    numerics: whole('numerics', 0),
    threads: whole('threads', 1),
    align: whole('align', 1),
    features: features as Target['features'],
    costs: {
      step: positive(costs.step, 'costs.step'),
      flop: rates(costs.flop, 'costs.flop'),
      bytes: positive(costs.bytes, 'costs.bytes'),
      ...(costs.measured !== undefined && { measured: rates(costs.measured, 'costs.measured') }),
    },
  }
}

/** A target with the times of kernels measured on it, in addition to those that it has. Plain data, and a file as JSON. */
export function measuredTarget(target: Target, times: readonly KernelTime[]): Target {
  const more = Object.fromEntries(times.map(t => [t.signature, t.ns]))
  return { ...target, costs: { ...target.costs, measured: { ...target.costs.measured, ...more } } }
}

/** Throws TargetError unless a target is one of the backend whose own is `own`. */
export function checkTarget(target: Target, own: Target): void {
  for (const field of ['backend', 'numerics', 'align'] as const)
    if (target[field] !== own[field])
      throw new TargetError('the target is of another backend, or of another version of it', {
        expected: `${field} ${own[field]}`,
        got: `${target[field]}`,
        hint: 'Measure again: stint profile <recipe> --backend <name> --out target.json.',
      })
}

function record(x: unknown, what: string): { readonly [name: string]: unknown } {
  if (typeof x !== 'object' || x === null || Array.isArray(x)) throw bad(what, 'an object', x)
  return x as { readonly [name: string]: unknown }
}

function positive(x: unknown, what: string): number {
  if (typeof x !== 'number' || !(x > 0) || !Number.isFinite(x)) throw bad(what, 'a number above zero', x)
  return x
}

function rates(x: unknown, what: string): { [name: string]: number } {
  const entries = Object.entries(record(x, what))
  return Object.fromEntries(
    entries.map(([name, n]) => [name, positive(n, `${what} of ${name.slice(0, 60)}`)]),
  )
}

function bad(what: string, expected: string, got: unknown): TargetError {
  return new TargetError(`this is no target: ${what} is wrong`, {
    expected,
    got: got === undefined ? 'nothing' : JSON.stringify(got).slice(0, 60),
    hint: 'stint profile writes such files.',
  })
}
