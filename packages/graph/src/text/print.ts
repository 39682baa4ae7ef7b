import type { Attr, Attrs, Graph, Input, Node, Site, State, ValueId } from '../graph.ts'
import { isGraph } from '../passes/nested.ts'
import { showType, type Type } from '../type.ts'
import { toHex } from './hex.ts'
import { showName, showNumber } from './name.ts'

/**
 * The text form of a graph, one node a line, that `parseGraph` reads back: inputs, state (with role and successor),
 * constants (bytes in hexadecimal), nodes (with attributes, hints and, after `;`, layer path and source line), outputs.
 *
 * @example
 * printGraph(trace((x, w) => x.matmul(w).relu(), [f32(8, 4), f32(4, 2)], { name: 'layer' }).graph)
 * // graph layer
 * //   input %0 0: f32[8,4]
 * //   input %1 1: f32[4,2]
 * //   %2: f32[8,2] = dot %0 %1 {batch: [[], []], contract: [[1], [0]]} ; "" model.ts:1
 * //   %3: f32[8,2] = relu %2 ; "" model.ts:1
 * //   return result: %3
 */
export function printGraph(graph: Graph): string {
  const block = printBlock(graph, '  ')
  return `graph ${showName(graph.name)}\n${block === '' ? '' : `${block}\n`}`
}

/** The lines of a graph below its name. */
function printBlock(graph: Graph, indent: string): string {
  const value = (id: ValueId) => `%${id}: ${typeText(graph.values[id])}`
  const typed = (id: ValueId, name: string) => `%${id} ${showName(name)}: ${typeText(graph.values[id])}`
  const lines = [
    ...graph.inputs.map(i => `input ${typed(i.value, i.name)}${rangeText(i)}`),
    ...graph.state.map(s => `state ${typed(s.value, s.path)}${stateText(s)}`),
    ...graph.constants.map(c => `constant ${value(c.value)} = "${toHex(c.bytes)}"`),
    ...graph.nodes.map(node => nodeText(node, value, indent)),
  ]
  if (graph.outputs.length > 0)
    lines.push(`return ${graph.outputs.map(o => `${showName(o.name)}: %${o.value}`).join(', ')}`)
  return lines.map(line => indent + line).join('\n')
}

function typeText(type: Type | undefined): string {
  return type === undefined ? '?' : showType(type)
}

function rangeText({ range }: Input): string {
  return range === undefined ? '' : ` in [${showNumber(range[0])}, ${showNumber(range[1])})`
}

function stateText({ role, next }: State): string {
  return `${role === undefined ? '' : ` ${role}`}${next === undefined ? '' : ` -> %${next}`}`
}

function nodeText(node: Node, value: (id: ValueId) => string, indent: string): string {
  const { op, attrs, inputs, results, hints, site } = node
  const parts = [results.map(value).join(', '), '=', op, ...inputs.map(id => `%${id}`)]
  if (Object.keys(attrs).length > 0) parts.push(showAttrs(attrs, indent))
  if (hints !== undefined) parts.push('hints', showAttr({ ...hints }))
  if (site !== undefined) parts.push(';', siteText(site))
  return parts.join(' ')
}

/** Words after the source line that a file of that name would be taken for. */
const marks = ['derivative', 'primal']

function siteText({ path, call, file, line, derivative }: Site): string {
  let text = showName(path)
  if (call !== 0) text += `#${call}`
  if (file !== undefined || line !== undefined) text += ' '
  if (file !== undefined) text += showName(file, marks)
  if (line !== undefined) text += `:${line}`
  return derivative === undefined ? text : `${text} ${derivative ? 'derivative' : 'primal'}`
}

/** An attribute: `[1, -0, NaN]`, `{shape: [2, 3], "a b": "c"}`, a graph in braces on lines of its own. */
function showAttr(attr: Attr, indent = ''): string {
  if (typeof attr === 'number') return showNumber(attr)
  if (typeof attr !== 'object' || attr === null) return JSON.stringify(attr)
  if (Array.isArray(attr)) return `[${attr.map(x => showAttr(x, indent)).join(', ')}]`
  if (isGraph(attr))
    return `graph ${showName(attr.name)} {\n${printBlock(attr, `${indent}    `)}\n${indent}  }`
  return showAttrs(attr as Attrs, indent)
}

/** All attributes of a node: `{axis: 0}`. */
function showAttrs(attrs: Attrs, indent = ''): string {
  const entries = Object.entries(attrs).filter(([, x]) => x !== undefined)
  return `{${entries.map(([key, x]) => `${showName(key)}: ${showAttr(x, indent)}`).join(', ')}}`
}
