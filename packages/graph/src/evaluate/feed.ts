import { type TypedArray, viewOf } from '../dtype.ts'
import { StintError } from '../errors.ts'
import type { Graph } from '../graph.ts'
import { showType, sizeOf, type Type } from '../type.ts'

type Arrays = { readonly [name: string]: TypedArray }

/** Checks that exactly the inputs and states of a graph are given, each of its kind, length and range. */
export function checkFed(graph: Graph, inputs: Arrays, state: Arrays): void {
  checkNames(
    'input',
    graph.inputs.map(i => i.name),
    inputs,
  )
  checkNames(
    'state',
    graph.state.map(s => s.path),
    state,
  )
  for (const { name, value, range } of graph.inputs) {
    const data = inputs[name] as TypedArray
    checkArray(`input '${name}'`, graph.values[value] as Type, data)
    if (range !== undefined) checkRange(name, data, range)
  }
  for (const { path, value } of graph.state)
    checkArray(`state '${path}'`, graph.values[value] as Type, state[path] as TypedArray)
}

function checkNames(kind: string, names: readonly string[], given: Arrays): void {
  for (const name of names)
    if (!Object.hasOwn(given, name)) throw new StintError('FEED', `${kind} '${name}' is missing`)
  for (const name of Object.keys(given))
    if (!names.includes(name))
      throw new StintError('FEED', `there is no ${kind} '${name}'`, {
        expected: names.length === 0 ? 'none' : names.join(', '),
      })
}

function checkArray(what: string, type: Type, data: TypedArray): void {
  const like = viewOf(type.dtype, new ArrayBuffer(0), 0, 0)
  if (data.constructor !== like.constructor || data.length !== sizeOf(type.shape))
    throw new StintError('FEED', `${what} does not fit`, {
      expected: `${like.constructor.name} of ${sizeOf(type.shape)} elements, as ${showType(type)}`,
      got: `${data.constructor.name} of ${data.length}`,
    })
}

function checkRange(name: string, data: TypedArray, [low, high]: readonly [number, number]): void {
  const at = data.findIndex((x: number) => !(x >= low && x < high))
  if (at >= 0)
    throw new StintError('FEED', `input '${name}' is out of range`, {
      expected: `at least ${low} and below ${high}`,
      got: `${data[at]} at element ${at}`,
    })
}
