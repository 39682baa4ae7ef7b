import type { Attrs, Constant, Graph, Hints, Node, ValueId } from '../graph.ts'
import { opDef } from '../ops/index.ts'
import { showType } from '../type.ts'
import { attrKey } from './attr-key.ts'
import { type Rewriter, rewrite } from './rewrite.ts'

/**
 * One node for all that compute the same: same op, attributes and inputs, those of a commutative op in either order.
 * The first one stays. Nodes in different `checkpoint` regions or slices of a batch stay apart, and so do kept and other ones. Constants
 * of the same bytes become one.
 */
export function commonSubexpressions(graph: Graph): Graph {
  const known = new Map<string, readonly ValueId[]>()
  const constants = new Map<string, ValueId[]>()
  return rewrite(
    graph,
    {
      node(node, out) {
        const key = keyOf(node)
        const same = known.get(key)
        if (same !== undefined) {
          for (const id of same) out.handOn(node.hints, id)
          return same
        }
        known.set(key, nextIds(out, node.results.length))
        return undefined
      },
      constant(constant, type, out) {
        const key = `${showType(type)} ${hash(constant.bytes)}`
        const alike = constants.get(key) ?? []
        const same = alike.find(id => sameBytes(out.constantOf(id), constant))
        if (same === undefined) constants.set(key, [...alike, ...nextIds(out, 1)])
        return same
      },
    },
    commonSubexpressions,
  )
}

/** The ids that the next values of `out` will have: what is left as it is gets them. */
function nextIds(out: Rewriter, count: number): ValueId[] {
  return Array.from({ length: count }, (_, i) => out.values.length + i)
}

function keyOf({ op, attrs, inputs, hints }: Node): string {
  const operands = opDef(op).commutative === true ? [...inputs].sort((a, b) => a - b) : inputs
  return `${op} ${operands.join()} ${attrsKey(attrs)}${hintsKey(hints)}`
}

const keys = new WeakMap<Attrs, string>()

/** `attrKey`, written once: passes hand the same attributes on. */
function attrsKey(attrs: Attrs): string {
  let key = keys.get(attrs)
  if (key === undefined) {
    key = attrKey(attrs)
    keys.set(attrs, key)
  }
  return key
}

function hintsKey(hints: Hints | undefined): string {
  if (hints === undefined) return ''
  const { keep, region, slice } = hints
  return [
    keep === true ? ' keep' : '',
    region === undefined ? '' : ` in ${JSON.stringify(region)}`,
    slice === undefined ? '' : ` of slice ${slice}`,
  ].join('')
}

/** FNV-1a. */
function hash(bytes: Uint8Array): number {
  let h = 0x811c9dc5
  for (const byte of bytes) h = Math.imul(h ^ byte, 0x01000193)
  return h
}

function sameBytes(a: Constant | undefined, b: Constant): boolean {
  return a !== undefined && a.bytes.length === b.bytes.length && a.bytes.every((x, i) => x === b.bytes[i])
}
