import { describe, expect, test } from 'vitest'
import type { Graph } from '../graph.ts'
import { commonSubexpressions, dropStopGradient, simplify } from '../passes/index.ts'
import { parseGraph, printGraph } from '../text/index.ts'
import { f32 } from '../type.ts'
import { checkpoint, keep } from './hints.ts'
import { scope, type Traceable, trace } from './trace.ts'
import type { Value } from './value.ts'

/** `op region result keep` of every node. */
function hintsOf({ nodes }: Graph): string[] {
  return nodes.map(({ op, hints = {} }) =>
    [op, hints.region, hints.result && `=${hints.result}`, hints.keep && 'keep']
      .filter(x => x !== undefined)
      .join(' '),
  )
}

const graphOf = (fn: Traceable): Graph => trace(fn, [f32(3, 3)]).graph

describe('checkpoint', () => {
  const square = checkpoint((x: Value) => x.exp().sin())

  test('makes each call a region, named after its layer, and marks its results', () => {
    expect(hintsOf(graphOf((x: Value) => scope('a.b', () => square(square(x))).add(x)))).toEqual([
      'exp a.b#0',
      'sin a.b#0 =a.b#0',
      'exp a.b#1',
      'sin a.b#1 =a.b#1',
      'add',
    ])
  })

  test('nests, and a result of both is kept by the outer one', () => {
    const outer = checkpoint((x: Value) => [square(x).cos(), square(x)])
    expect(hintsOf(graphOf((x: Value) => outer(x)))).toEqual([
      'exp region#0/region#1',
      'sin region#0/region#1 =region#0/region#1',
      'cos region#0 =region#0',
      'exp region#0/region#2',
      'sin region#0/region#2 =region#0',
    ])
  })

  test('takes anything with a forward function, and leaves the rest of it as it is', () => {
    const block = { kind: 'block', forward: (scale: number, x: Value) => x.mul(scale).exp() }
    const region = checkpoint(block)
    expect(region.kind).toBe('block')
    expect(hintsOf(graphOf((x: Value) => region.forward(2, x))).at(-1)).toBe('exp region#0 =region#0')
  })

  test('gives what it is given, and marks nothing outside', () => {
    expect(hintsOf(graphOf((x: Value) => checkpoint((y: Value) => y)(x.exp())))).toEqual(['exp'])
  })
})

describe('keep', () => {
  test('marks the nodes that compute values, in any nesting', () => {
    const kept = graphOf((x: Value) => {
      const [y] = keep([x.exp(), { z: x.sin() }]) as unknown as [Value]
      return keep(x).add(y)
    })
    expect(hintsOf(kept)).toEqual(['exp keep', 'sin keep', 'add'])
  })
})

describe('hints', () => {
  const graph = graphOf((x: Value) => {
    const y = checkpoint((v: Value) => v.transpose().exp().transpose())(x)
    return keep(y.transpose().mul(1)).sin()
  })

  test('are printed and read', () => {
    expect(parseGraph(printGraph(graph))).toEqual(JSON.parse(JSON.stringify(graph)))
  })

  test('survive simplification: results are read as they are', () => {
    const once = simplify(dropStopGradient(graph))
    expect(hintsOf(once)).toEqual([
      'transpose region#0',
      'exp region#0',
      'transpose region#0 =region#0',
      'transpose',
      'full',
      'mul keep',
      'sin',
    ])
  })

  test('are handed on where a node is the same as another, or as what it reads', () => {
    const same = graphOf(checkpoint((x: Value) => [x.exp(), x.exp().sin()]))
    const twice = graphOf(checkpoint((x: Value) => [x.exp().sin(), x.exp()]))
    expect(hintsOf(commonSubexpressions(same))[0]).toBe('exp region#0 =region#0')
    expect(hintsOf(commonSubexpressions(twice))[0]).toBe('exp region#0 =region#0')
    const stopped = graphOf(checkpoint((x: Value) => x.exp().stopGradient()))
    expect(hintsOf(dropStopGradient(stopped))).toEqual(['exp region#0 =region#0'])
  })
})
