import { describe, expect, test } from 'vitest'
import { evaluate } from '../evaluate/index.ts'
import { type OpName, ops } from '../ops/index.ts'
import { printGraph } from '../text/index.ts'
import { validateGraph } from '../validate/index.ts'
import { randomGraph } from './random-graph.ts'
import { randomInputs } from './random-inputs.ts'

const seeds = Array.from({ length: 60 }, (_, i) => i)

describe('random graphs', () => {
  test('are the same for the same seed, and differ for others', () => {
    expect(printGraph(randomGraph(5))).toBe(printGraph(randomGraph(5)))
    expect(printGraph(randomGraph(5))).not.toBe(printGraph(randomGraph(6)))
    const graph = randomGraph(5)
    expect(randomInputs(graph, 1)).toEqual(randomInputs(graph, 1))
    expect(randomInputs(graph, 1)).not.toEqual(randomInputs(graph, 2))
  })

  test('are valid, can be evaluated, and use every op', () => {
    const used = new Set<OpName>()
    for (const seed of seeds) {
      const graph = randomGraph(seed, { nodes: 120, dtype: seed % 2 === 0 ? 'f32' : 'f64' })
      validateGraph(graph)
      for (const { op } of graph.nodes) used.add(op)
      const { outputs, state } = evaluate(graph, randomInputs(graph, seed))
      expect(Object.keys(outputs)).toHaveLength(graph.outputs.length)
      expect(Object.keys(state)).toHaveLength(graph.state.length)
    }
    expect(Object.keys(ops).filter(op => !used.has(op as OpName))).toEqual([])
  })

  test('that are differentiable stay small and finite, in one result', () => {
    for (const seed of seeds) {
      const graph = randomGraph(seed, { dtype: 'f64', differentiable: true })
      expect(graph.state).toEqual([])
      expect(graph.outputs).toHaveLength(1)
      const { result } = evaluate(graph, randomInputs(graph, seed)).outputs
      expect(result?.every((x: number) => Math.abs(x) < 20)).toBe(true)
    }
  })

  test('can have states or none', () => {
    expect(randomGraph(1).state.length).toBeGreaterThan(0)
    expect(randomGraph(1, { state: false }).state).toEqual([])
    expect(randomGraph(1, { differentiable: true, state: true }).state.length).toBeGreaterThan(0)
  })

  test('have about as many nodes as asked for', () => {
    for (const nodes of [5, 50, 500]) {
      const count = randomGraph(3, { nodes, state: false }).nodes.length
      expect(count).toBeGreaterThanOrEqual(nodes)
      expect(count).toBeLessThan(nodes + 60)
    }
  })
})
