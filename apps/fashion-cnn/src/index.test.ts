import { asModule, tensorsOf } from '@stint/nn'
import { expect, test } from 'vitest'
import { recipe } from './index.ts'

test('the network has 10,006 parameters', () => {
  const sizes = [...tensorsOf(asModule(recipe.model())).values()].map(({ shape }) =>
    shape.reduce((n, d) => n * d, 1),
  )
  expect(sizes.reduce((n, size) => n + size, 0)).toBe(10_006)
})
