import type { Graph } from '../graph.ts'
import { isGraph } from '../passes/nested.ts'
import { type Plain, show, wrong } from './fields.ts'

/** How deep attributes may nest. */
const deepest = 64

/** Checks that attributes are plain data; gives every graph in them to `inner`. */
export function checkAttrs(attrs: Plain, part: string, inner: (graph: Graph) => void, depth = 0): void {
  if (depth > deepest) throw wrong(part, 'its attributes nest too deep', { expected: `at most ${deepest}` })
  for (const [key, x] of Object.entries(attrs)) {
    if (typeof x === 'number' || typeof x === 'string' || typeof x === 'boolean' || x === null) continue
    if (typeof x !== 'object' || !isPlain(x))
      throw wrong(part, `attribute '${key}' is not plain data`, { got: show(x) })
    if (isGraph(x)) inner(x)
    else checkAttrs(x as Plain, part, inner, depth + 1)
  }
}

function isPlain(x: object): boolean {
  const proto: unknown = Object.getPrototypeOf(x)
  return Array.isArray(x) || proto === Object.prototype || proto === null
}
