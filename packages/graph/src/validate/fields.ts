import { isDType } from '../dtype.ts'
import { type ErrorFields, GraphError } from '../errors.ts'
import { bytesOf, type Type } from '../type.ts'

export type Plain = { readonly [key: string]: unknown }

/** An error of one part of the graph: `node 3 (dot → %7): …`. */
export function wrong(part: string, what: string, fields: ErrorFields = {}): GraphError {
  return new GraphError(`${part}: ${what}`, fields)
}

/** Any value, short enough for a message. */
export function show(x: unknown): string {
  if (typeof x === 'number') return Object.is(x, -0) ? '-0' : String(x)
  if (typeof x === 'bigint' || typeof x === 'function' || typeof x === 'symbol') return `a ${typeof x}`
  if (x instanceof Uint8Array) return `${x.length} bytes`
  if (typeof x === 'object' && x !== null) return Array.isArray(x) ? `a list of ${x.length}` : 'an object'
  const text = JSON.stringify(x) ?? 'undefined'
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}

export function objectOf(x: unknown, part: string): Plain {
  if (typeof x === 'object' && x !== null && !Array.isArray(x)) return x as Plain
  throw wrong(part, 'is not an object', { got: show(x) })
}

export function listOf(x: unknown, part: string, name: string): readonly unknown[] {
  if (Array.isArray(x)) return x
  throw wrong(part, `'${name}' is wrong`, { expected: 'a list', got: show(x) })
}

export function stringOf(x: unknown, part: string, name: string): string {
  if (typeof x === 'string') return x
  throw wrong(part, `'${name}' is wrong`, { expected: 'a string', got: show(x) })
}

export function naturalOf(x: unknown, part: string, name: string): number {
  if (Number.isSafeInteger(x) && (x as number) >= 0) return x as number
  throw wrong(part, `'${name}' is wrong`, { expected: 'a whole number, at least 0', got: show(x) })
}

/** The fields that may be left out: each, where it is there, must pass its check. */
export function optional<T>(
  x: T | undefined,
  check: (x: T) => boolean,
  part: string,
  name: string,
  expected: string,
): void {
  if (x !== undefined && !check(x)) throw wrong(part, `'${name}' is wrong`, { expected, got: show(x) })
}

/** Checks a type: a known dtype, whole sizes, and a number of bytes that is exact. */
export function typeFrom(x: unknown, part: string): Type {
  const { dtype, shape } = objectOf(x, part)
  if (!isDType(dtype)) throw wrong(part, 'is of no known dtype', { got: show(dtype) })
  const sizes = listOf(shape, part, 'shape')
  for (const d of sizes)
    if (!Number.isSafeInteger(d) || (d as number) < 0)
      throw wrong(part, 'its shape is wrong', { expected: 'whole sizes, at least 0', got: show(d) })
  const type = { dtype, shape: sizes as readonly number[] }
  if (!Number.isSafeInteger(bytesOf(type)))
    throw wrong(part, 'is too large', { expected: 'at most 2⁵³ − 1 bytes', got: `${bytesOf(type)}` })
  return type
}
