import { asModule, tensorsOf } from '@stint/nn'
import { expect, test } from 'vitest'
import { recipe } from './index.ts'

test('the network has six layers of 32 between 64 features and ten classes', () => {
  const tensors = [...tensorsOf(asModule(recipe.model()))]
  const weights = tensors.filter(([path]) => path.endsWith('.weight')).map(([, { shape }]) => shape)
  expect(weights).toEqual([[32, 64], ...Array.from({ length: 5 }, () => [32, 32]), [10, 32]])
})
