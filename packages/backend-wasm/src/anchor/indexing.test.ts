import { f32, f64, gather, i32, scatterAdd, type Type, type Value } from '@stint/graph'
import { describe, test } from 'vitest'
import { check } from '../testing/anchors.ts'

type Case = readonly [fn: (...x: Value[]) => Value, types: readonly Type[], below: number]

const exact = { tolerance: 0, wild: true }

describe('gather', () => {
  const cases: Record<string, Case> = {
    'rows of an embedding': [(x, i) => gather(x!, i!), [f32(9, 20), i32(4, 7)], 9],
    'single elements': [(x, i) => gather(x!, i!), [f32(40), i32(300)], 40],
    'long rows': [(x, i) => gather(x!, i!), [f32(5, 300, 2), i32(9)], 5],
    'f64 rows of three': [(x, i) => gather(x!, i!), [f64(6, 3), i32(11)], 6],
    'computed indices, and positions added': [
      (x, i, p) => gather(x!, i!.add(1)).add(p!),
      [f32(9, 12), i32(5, 30), f32(30, 12)],
      9,
    ],
    'a scalar index': [(x, i) => gather(x!, i!), [f32(9, 12), i32()], 9],
  }
  for (const [name, [fn, types, below]] of Object.entries(cases))
    test(name, () => check(fn as never, types, { ...exact, below }))
})

describe('scatterAdd', () => {
  const u8 = (...shape: number[]): Type => ({ dtype: 'u8', shape })
  const cases: Record<string, Case> = {
    'long rows': [(i, u) => scatterAdd(i!, u!, 9), [i32(40), f32(40, 21)], 9],
    'short rows': [(i, u) => scatterAdd(i!, u!, 9), [i32(40), f32(40, 3)], 9],
    'many short rows': [(i, u) => scatterAdd(i!, u!, 9000), [i32(500), f32(500)], 9000],
    'two axes of indices': [(i, u) => scatterAdd(i!, u!, 5), [i32(6, 7), f32(6, 7, 8)], 5],
    f64: [(i, u) => scatterAdd(i!, u!, 5), [i32(60), f64(60, 9)], 5],
    'integers wrap': [(i, u) => scatterAdd(i!, u!, 5), [i32(60), u8(60, 9)], 5],
    'short integers': [(i, u) => scatterAdd(i!, u!, 5), [i32(60), u8(60, 2)], 5],
    'long rows with work before and after': [
      (i, u, p) => scatterAdd(i!.add(1), u!.mul(2), 8).add(p!),
      [i32(50), f32(50, 10), f32(8, 10)],
      8,
    ],
    'short rows with work before and after': [
      (i, u, p) => scatterAdd(i!.add(1), u!.mul(2), 8).add(p!),
      [i32(50), f32(50, 2), f32(8, 2)],
      8,
    ],
  }
  for (const [name, [fn, types, below]] of Object.entries(cases))
    test(name, () => check(fn as never, types, { ...exact, below }))
})
