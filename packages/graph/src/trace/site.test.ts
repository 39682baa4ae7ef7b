import { describe, expect, it } from 'vitest'
import { f32 } from '../type.ts'
import { trace } from './trace.ts'
import type { Value } from './value.ts'

/** File and line of every node of `fn`. */
function sites(fn: (x: Value) => Value): (string | undefined)[] {
  const { graph } = trace(x => fn(x as Value), [f32(2)])
  return graph.nodes.map(({ site }) => site && `${site.file}:${site.line}`)
}

/** This file and the line of the caller. */
const here = (shift = 0): string => `site.test.ts:${Number(/:(\d+):\d+\)?$/.exec(lineOf())?.[1]) + shift}`
const lineOf = (): string => new Error().stack?.split('\n')[3] ?? ''

describe('the site of a node', () => {
  it('is the line of the user that asked for it, each time', () => {
    const [first, second, again] = sites(x => {
      let y = x.exp()
      for (let i = 0; i < 2; i++) y = y.sin()
      return y
    })
    expect(first).toBe(here(-4))
    expect(second).toBe(here(-4))
    expect(again).toBe(second)
  })

  it('is the innermost of its lines, not one of Stint', () => {
    const inner = (x: Value): Value => x.softmax()
    const line = here(-1)
    for (const site of sites(x => inner(x))) expect(site).toBe(line)
  })

  it('is found deep in a recursion', () => {
    const deep = (x: Value, n: number): Value => (n === 0 ? x.neg() : deep(x, n - 1))
    expect(sites(x => deep(x, 100))).toEqual([here(-1)])
  })

  it('leaves the settings of the host as they were', () => {
    const before = [Error.stackTraceLimit, Error.prepareStackTrace]
    sites(x => x.exp().log())
    expect([Error.stackTraceLimit, Error.prepareStackTrace]).toEqual(before)
  })
})
