import { expect, test } from 'vitest'
import { hashPath, normalAt, philox4x32, randomBitsOf, uniformAt } from './index.ts'

const words = (...c: [number, number, number, number, number, number]): number[] => {
  const out = new Uint32Array(4)
  philox4x32(...c, out)
  return [...out]
}

test('gives the known answers of Random123', () => {
  expect(words(0, 0, 0, 0, 0, 0)).toEqual([0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8])
  const ones = 0xffffffff
  expect(words(ones, ones, ones, ones, ones, ones)).toEqual([0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd])
  expect(words(0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0)).toEqual([
    0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1,
  ])
})

test('an element does not depend on how many are drawn', () => {
  const all = new Uint32Array(100)
  randomBitsOf(7, 3, 1, 2, 0, 0, all, 0, 100)
  const part = new Uint32Array(13)
  randomBitsOf(7, 3, 1, 2, 0, 41, part, 0, 13)
  expect([...part]).toEqual([...all.subarray(41, 54)])
})

test('seed, step, path and call each change the numbers', () => {
  const draw = (seed: number, step: number, path: string, call: number): string => {
    const out = new Uint32Array(4)
    const [k0, k1] = hashPath(path)
    randomBitsOf(seed, step, k0, k1, call, 0, out, 0, 4)
    return out.join(',')
  }
  const drawn = [
    draw(1, 0, 'a', 0),
    draw(2, 0, 'a', 0),
    draw(1, 1, 'a', 0),
    draw(1, 0, 'b', 0),
    draw(1, 0, 'a', 1),
  ]
  expect(new Set(drawn).size).toBe(5)
})

test('uniform and normal numbers have their moments', () => {
  const key = hashPath('test')
  const n = 20_000
  const moments = (draw: (i: number) => number): [number, number] => {
    let [sum, squares] = [0, 0]
    for (let i = 0; i < n; i++) {
      sum += draw(i)
      squares += draw(i) ** 2
    }
    return [sum / n, squares / n - (sum / n) ** 2]
  }
  const [um, uv] = moments(i => uniformAt(1, key, i))
  expect(um).toBeCloseTo(0.5, 1.9)
  expect(uv).toBeCloseTo(1 / 12, 2)
  const [nm, nv] = moments(i => normalAt(1, key, i))
  expect(Math.abs(nm)).toBeLessThan(0.03)
  expect(Math.abs(nv - 1)).toBeLessThan(0.05)
})
