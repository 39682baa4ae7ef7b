import { f32, trace } from '@stint/graph'
import { describe, expect, test } from 'vitest'
import { predictStep } from '../step.ts'
import { mean, numbers, runner } from '../testing/run.ts'
import { layerNorm } from './layer-norm.ts'

describe('layerNorm', () => {
  const x = numbers(2 * 3 * 4, 5)

  test.each([
    ['the last axis', 4, [4]],
    ['the last two', [3, 4], [3, 4]],
  ] as const)('normalizes over %s, then scales and shifts', (_, shape, over) => {
    const size = over.reduce((n, d) => n * d, 1)
    const [weight, bias] = [numbers(size, 6), numbers(size, 7)]
    const { output } = runner(predictStep(layerNorm(shape)), [f32(2, 3, 4)], { weight, bias }).step(x)
    for (let row = 0; row < x.length; row += size) {
      const part = [...x.subarray(row, row + size)]
      const centre = mean(part)
      const deviation = Math.sqrt(mean(part.map(v => (v - centre) ** 2)) + 1e-5)
      for (const [i, v] of part.entries())
        expect(output![row + i]).toBeCloseTo(((v - centre) / deviation) * weight[i]! + bias[i]!, 5)
    }
  })

  test('keeps nothing where it does not scale', () => {
    const { graph } = trace(predictStep(layerNorm(4, { affine: false })), [f32(2, 4)])
    expect(graph.state).toEqual([])
  })

  test('refuses another shape', () => {
    expect(() => trace(predictStep(layerNorm([3, 4])), [f32(2, 4)])).toThrow(/layerNorm.*3, 4.*f32\[2,4\]/s)
  })
})
