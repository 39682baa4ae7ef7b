import { asModule, tensorsOf } from '@stint/nn'
import { expect, test } from 'vitest'
import { recipe } from './index.ts'

test('the network has 75,202 parameters', () => {
  const parameters = [...tensorsOf(asModule(recipe.model())).values()].filter(t => t.role === 'parameter')
  const sizes = parameters.map(({ shape }) => shape.reduce((n, d) => n * d, 1))
  expect(sizes.reduce((n, size) => n + size, 0)).toBe(75_202)
})
