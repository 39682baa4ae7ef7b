import { f32, i32, trace } from '@stint/graph'
import { describe, expect, test } from 'vitest'
import { initialState } from '../initial-state.ts'
import { sgd } from '../optim/sgd.ts'
import { predictStep, trainStep } from '../step.ts'
import { runner } from '../testing/run.ts'
import { embedding } from './embedding.ts'

describe('embedding', () => {
  const table = Float32Array.of(0, 1, 10, 11, 20, 21)

  test('gives the rows that are named', () => {
    const run = runner(predictStep(embedding(3, 2)), [i32(2, 2)], { weight: table })
    expect(run.step(Int32Array.of(2, 0, 0, 1)).output).toEqual(Float32Array.of(20, 21, 0, 1, 0, 1, 10, 11))
  })

  test('rows that are read more than once learn from each reading', () => {
    const optimizer = sgd(1)
    const step = trainStep(embedding(3, 2), { loss: y => y.sum(), optimizer })
    const run = runner(step, [i32(3), f32()], {
      ...initialState(embedding(3, 2), 1, optimizer),
      weight: table,
    })
    run.step(Int32Array.of(2, 0, 2), Float32Array.of(0))
    expect(run.state.weight).toEqual(Float32Array.of(-1, 0, 10, 11, 18, 19))
  })

  test('refuses what is out of range when fed, and what is not a whole number', () => {
    const run = runner(predictStep(embedding(3, 2)), [i32(1)], { weight: table })
    expect(() => run.step(Int32Array.of(3))).toThrow(/range/)
    expect(() => trace(predictStep(embedding(3, 2)), [f32(1)])).toThrow(/embedding.*i32.*f32\[1\]/s)
  })
})
