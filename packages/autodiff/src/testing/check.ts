import type { Value } from '@stint/graph'
import { expect } from 'vitest'
import { jvp, vjp } from '../index.ts'
import {
  type Arg,
  arg,
  compile,
  differences,
  dot,
  type Fn,
  floats,
  random,
  scaleOf,
  shapeOf,
} from './numeric.ts'

export interface CheckOptions {
  /** Difference allowed between a derivative and central differences, relative to the largest derivative. */
  readonly tolerance?: number
  /** Step of the differences. */
  readonly h?: number
}

/** Cotangents of the floating-point arguments of `fn`, as a function of all of them and of a cotangent. */
export function pullback(fn: Fn, args: readonly Arg[]): (...x: Value[]) => Value[] {
  return (...all) => {
    const x = all.slice(0, args.length)
    const cotangents = vjp(fn, ...x)[1](all[args.length] as Value)
    return floats(args).map(i => cotangents[i] as Value)
  }
}

/** The tangent of `fn`, as a function of its arguments and of a tangent of each. */
function pushforward(fn: Fn, args: readonly Arg[]): Fn {
  return (...all) => {
    const x = all.slice(0, args.length)
    return jvp(fn, x, all.slice(args.length))[1]
  }
}

/**
 * Checks both derivatives of `fn` at `args` against each other and against central differences:
 * ⟨jvp(v), u⟩ = ⟨v, vjp(u)⟩ for a random direction and for every axis, and vjp(u) = ∂⟨fn, u⟩.
 */
export function checkDerivatives(fn: Fn, args: readonly Arg[], options: CheckOptions = {}): void {
  const { tolerance = 1e-7, h } = options
  const u = random(shapeOf(fn, args), 101)
  const at = floats(args)
  const back = compile(pullback(fn, args), [...args, u]).run(...args, u)
  const forward = compile(pushforward(fn, args), [...args, ...args])
  const zeros = args.map(a => ({ ...a, data: a.data.map(() => 0) }))
  const along = (tangents: readonly Arg[]): number =>
    dot(forward.run(...args, ...tangents)[0] as number[], u.data)

  const v = args.map((a, i) => (at.includes(i) ? random(a.shape, 7 + i) : (zeros[i] as Arg)))
  const pairing = at.reduce((sum, i, n) => sum + dot(v[i]?.data ?? [], back[n] as number[]), 0)
  expect(Math.abs(along(v) - pairing)).toBeLessThan(1e-11 * scaleOf([pairing], ...back))

  const plain = compile(fn, args)
  for (const [n, i] of at.entries()) {
    const reverse = back[n] as number[]
    const scale = scaleOf(reverse)
    const numeric = differences(plain, args, i, u.data, h)
    for (const k of reverse.keys()) {
      const axis = arg(
        reverse.map((_, j) => (j === k ? 1 : 0)),
        (args[i] as Arg).shape,
      )
      const tangent = along(zeros.map((z, j) => (j === i ? axis : z)))
      expect(
        Math.abs(tangent - (reverse[k] as number)),
        `forward and reverse, argument ${i}, element ${k}`,
      ).toBeLessThan(1e-11 * scale)
      expect(
        Math.abs((numeric[k] as number) - (reverse[k] as number)),
        `differences, argument ${i}, element ${k}`,
      ).toBeLessThan(tolerance * scale)
    }
  }
}
