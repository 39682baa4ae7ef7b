import { readFileSync } from 'node:fs'
import { parseDag, plan, storeAllPeak, verify } from '@stint/planner'
import { describe, expect, test } from 'vitest'
import { generated } from './index.ts'
import { layered } from './layered.ts'
import { lstm, mlp, transformer } from './networks.ts'

const fixture = (name: string) =>
  JSON.parse(
    readFileSync(new URL(`../../../../packages/planner/fixtures/${name}.json`, import.meta.url), 'utf8'),
  )

test.each([
  ['fp-lstm-t16', lstm('', { steps: 16, batch: 64, inputs: 128, hidden: 256 })],
  [
    'fp-gpt-2l',
    transformer('', { layers: 2, width: 256, heads: 4, tokens: 128, batch: 8, vocabulary: 1000 }),
  ],
  ['fp-mlp-8', mlp('', { layers: 8, width: 256, batch: 512 })],
])('the recipe of %s gives that very graph', (name, { nodes, outputs, pinned }) => {
  const known = fixture(name)
  expect({ nodes, outputs, pinned }).toEqual({
    nodes: known.nodes,
    outputs: known.outputs,
    pinned: known.pinned,
  })
})

describe('generated graphs', () => {
  test.each(Object.keys(generated))('%s parses, and comes out the same again', name => {
    const file = generated[name]!()
    const { dag, shorthand } = parseDag(file)
    expect(shorthand).toBe(true)
    expect(storeAllPeak(dag)).toBeGreaterThan(0)
    const large = ['lstm-2040', 'transformer-2000', 'layered-100000'].includes(name)
    if (large) expect(Math.abs(file.nodes.length / 100_000 - 1)).toBeLessThan(0.05)
    else expect(generated[name]!()).toEqual(file)
    expect(new Set(file.nodes.map(n => n.kind)).has('bwd')).toBe(!name.startsWith('layered'))
  })

  test('a U-Net keeps what its skip connections carry, or computes it again', () => {
    const { dag } = parseDag(generated['unet-2']!())
    const budget = Math.floor(0.7 * storeAllPeak(dag))
    const { recomputedTasks } = verify(dag, plan(dag, { budget, iterations: 4 }), { budget })
    expect(recomputedTasks).toBeGreaterThan(0)
  })

  test('another seed gives another random graph', () => {
    const size = { layers: 5, width: 4 }
    expect(layered('', { ...size, seed: 1 }).nodes).not.toEqual(layered('', { ...size, seed: 2 }).nodes)
  })
})
