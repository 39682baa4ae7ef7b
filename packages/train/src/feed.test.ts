import { expect, test } from 'vitest'
import { Feed } from './feed.ts'

const indices = new Int32Array(2)

test('feeds the arrays of the batch themselves', () => {
  const batch = { x: new Uint8Array(8), y: Int32Array.of(1, 2), rows: 2, indices }
  const { x, y, rate } = new Feed().inputs(batch)
  expect(x).toBe(batch.x)
  expect(y).toBe(batch.y)
  expect(rate).toBeUndefined()
})

test('widens labels in bytes, and takes the learning rate, in arrays made once', () => {
  const feed = new Feed()
  const first = feed.inputs({ x: new Uint8Array(8), y: Uint8Array.of(1, 2), rows: 2, indices }, 0.5)
  expect(first.y).toEqual(Int32Array.of(1, 2))
  expect(first.rate).toEqual(Float32Array.of(0.5))
  const second = feed.inputs({ x: new Uint8Array(4), y: Uint8Array.of(3), rows: 1, indices }, 0.25)
  expect(second.y).toEqual(Int32Array.of(3))
  expect(second.y!.buffer).toBe(first.y!.buffer)
  expect(second.rate).toBe(first.rate)
})
