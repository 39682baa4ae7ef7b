import { checkpoint, f32, type Graph, simplify, type Traceable, trace, type Value } from '@stint/graph'
import { describe, expect, test } from 'vitest'
import { grad } from './grad.ts'
import { vjp } from './products.ts'

const graphOf = (fn: Traceable): Graph => simplify(trace(fn, [f32(3, 3)]).graph)
const regions = ({ nodes }: Graph) => nodes.map(n => n.hints?.region)
const block = (x: Value) => x.matmul(x).tanh().mul(x)

describe('checkpoint', () => {
  test('marks what the function computes and not its derivative', () => {
    const { nodes } = graphOf((x: Value) => grad((y: Value) => checkpoint(block)(y).sum())(x))
    for (const { hints, site } of nodes) if (site?.derivative === true) expect(hints?.region).toBeUndefined()
    const marked = nodes.filter(n => n.hints?.region === 'region#0').map(n => n.op)
    expect(marked).toEqual(['dot', 'tanh'])
  })

  test('of a derivative holds all of it', () => {
    const graph = graphOf((x: Value) => checkpoint((y: Value) => grad((z: Value) => block(z).sum())(y))(x))
    expect(new Set(regions(graph))).toEqual(new Set(['region#0']))
  })

  test('of a derivative within keeps regions apart', () => {
    const inner = checkpoint(block)
    const graph = graphOf((x: Value) =>
      checkpoint((y: Value) => grad((z: Value) => inner(z).sum())(y))(inner(x)),
    )
    expect([...new Set(regions(graph))].sort()).toEqual(['region#0', 'region#1', 'region#1/region#2'])
  })

  test('is one region for a vjp, whose pullback traces again', () => {
    const count = (f: (x: Value) => Value): number =>
      graphOf((x: Value) => {
        const [y, pull] = vjp(f, x)
        return [y, pull(y)[0]]
      }).nodes.length
    expect(count(checkpoint(block))).toBe(count(block))
  })
})
