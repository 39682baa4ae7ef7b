import { f32, type Value } from '@stint/graph'
import { expect, test } from 'vitest'
import { check } from './testing/check.ts'

test('add', () => check((x: Value, y: Value) => x.add(y).relu().mul(x), [f32(3, 500), f32(500)]))
test('sum', () =>
  check(
    (x: Value) => [x.sum(), x.sum(0), x.sum(1), x.sum([0, 2]), x.softmax(), x.mean([0, 2], true).sub(x)],
    [f32(3, 50, 7)],
  ))
test('dot', () => check((x: Value, y: Value) => x.relu().matmul(y).add(1).tanh(), [f32(33, 50), f32(50, 9)]))
