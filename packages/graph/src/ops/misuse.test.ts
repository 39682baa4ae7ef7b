import { describe, expect, it } from 'vitest'
import { StintError } from '../errors.ts'
import { conv } from '../functions/convolution.ts'
import { take, takeAlong } from '../functions/indexing.ts'
import { maxPool } from '../functions/pooling.ts'
import { scope, trace } from '../trace/trace.ts'
import type { Value } from '../trace/value.ts'
import { bool, f32, f64, i32, type Type } from '../type.ts'

/** The error of a function traced on these types, and the line of this file that `f` was called from. */
function misuse(f: (...x: Value[]) => unknown, ...types: Type[]): StintError {
  try {
    trace((...x: Value[]) => f(...x) as Value, types)
  } catch (error) {
    if (error instanceof StintError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

/** The line of the caller. */
function here(): number {
  const frame = (new Error().stack ?? '')
    .split('\n')
    .find(line => line.includes('misuse.test') && !line.includes('here'))
  return Number(/:(\d+):\d+\)?$/.exec(frame ?? '')?.[1])
}

describe('an op used wrongly', () => {
  it('says op, what it expected, what came, and the line of the user', () => {
    const line = here() + 1
    const error = misuse((x, w) => x!.matmul(w!), f32(2, 3), f32(4, 5))
    expect(error).toMatchObject({
      code: 'SHAPE',
      op: 'matmul',
      expected: '3 rows on the right',
      got: 'f32[2,3] and f32[4,5]',
      site: { file: 'misuse.test.ts', line, path: '' },
    })
    expect(error.message).toBe(
      `matmul: the operands do not fit; expected 3 rows on the right, got f32[2,3] and f32[4,5] (misuse.test.ts:${line})`,
    )
  })

  it('names the layer that it stands in', () => {
    const error = misuse(x => scope('block', () => scope('conv', () => x!.reshape([5]))), f32(2, 3))
    expect(error.site).toMatchObject({ path: 'block.conv', file: 'misuse.test.ts' })
  })

  const cases: { op: string; f: (...x: Value[]) => unknown; types: Type[]; code: string; says: RegExp }[] = [
    {
      op: 'add',
      f: (a, b) => a!.add(b!),
      types: [f32(2, 3), f32(2)],
      code: 'SHAPE',
      says: /\[2,3\].*got f32\[2\]/,
    },
    {
      op: 'add',
      f: (a, b) => a!.add(b!),
      types: [f32(2), f64(2)],
      code: 'DTYPE',
      says: /f32\[2\], got f64\[2\].*cast/,
    },
    {
      op: 'exp',
      f: x => x!.exp(),
      types: [i32(2)],
      code: 'DTYPE',
      says: /expected float, got i32.*cast\('f32'\)/,
    },
    {
      op: 'where',
      f: (c, x) => c!.where(x!, 0),
      types: [f32(2), f32(2)],
      code: 'DTYPE',
      says: /bool, got f32/,
    },
    { op: 'reshape', f: x => x!.reshape([7]), types: [f32(2, 3)], code: 'SHAPE', says: /6 elements.*\[7\]/ },
    { op: 'reshape', f: x => x!.reshape([4, -1]), types: [f32(2, 3)], code: 'ATTR', says: /divisor of 6/ },
    {
      op: 'broadcast',
      f: x => x!.broadcast([2, 4]),
      types: [f32(3)],
      code: 'SHAPE',
      says: /size 1 or 4, got f32\[3\]/,
    },
    {
      op: 'broadcast',
      f: x => x!.broadcast([3]),
      types: [f32(2, 3)],
      code: 'SHAPE',
      says: /at least 2 axes/,
    },
    {
      op: 'concat',
      f: (a, b) => a!.concat([b!]),
      types: [f32(2, 3), f32(2, 4)],
      code: 'SHAPE',
      says: /beside axis 0/,
    },
    {
      op: 'concat',
      f: (a, b) => a!.concat([b!]),
      types: [f32(2), bool(2)],
      code: 'DTYPE',
      says: /got bool\[2\]/,
    },
    {
      op: 'transpose',
      f: x => x!.transpose([0, 0]),
      types: [f32(2, 3)],
      code: 'ATTR',
      says: /distinct axes below 2/,
    },
    { op: 'pad', f: x => x!.pad([1], [1, 0]), types: [f32(2, 3)], code: 'ATTR', says: /2 entries each/ },
    {
      op: 'slice',
      f: x => x!.slice([0], [2], [0]),
      types: [f32(3)],
      code: 'ATTR',
      says: /'step'.*at least 1/,
    },
    { op: 'sum', f: x => x!.sum(), types: [bool(2)], code: 'DTYPE', says: /Cast it first/ },
    { op: 'max', f: x => x!.max(), types: [f32(0)], code: 'SHAPE', says: /empty axis has no extreme/ },
    {
      op: 'conv',
      f: (x, w) => conv(x!, w!),
      types: [f32(1, 3, 8, 8), f32(4, 2, 3, 3)],
      code: 'SHAPE',
      says: /3 channels/,
    },
    {
      op: 'conv',
      f: (x, w) => conv(x!, w!, { stride: [1, 1, 1] }),
      types: [f32(1, 3, 8, 8), f32(4, 3, 3, 3)],
      code: 'ATTR',
      says: /2 entries/,
    },
    {
      op: 'maxPool',
      f: x => maxPool(x!, { window: 9 }),
      types: [f32(1, 1, 4, 4)],
      code: 'SHAPE',
      says: /1 to 4 elements.*got 9/,
    },
    {
      op: 'maxPool',
      f: x => maxPool(x!, { window: 2 }),
      types: [f32(4, 4)],
      code: 'SHAPE',
      says: /no spatial axes/,
    },
    {
      op: 'take',
      f: (x, i) => take(x!, i!, 0),
      types: [f32(4), i32(2, 2)],
      code: 'SHAPE',
      says: /not a list/,
    },
    {
      op: 'takeAlong',
      f: (x, i) => takeAlong(x!, i!, 0),
      types: [f32(4, 2), i32(4)],
      code: 'SHAPE',
      says: /2 axes/,
    },
  ]
  for (const { op, f, types, code, says } of cases)
    it(`${op} on ${types.map(t => `${t.dtype}[${t.shape}]`).join(' and ')}`, () => {
      const error = misuse(f, ...types)
      expect(error).toMatchObject({ op, code, site: { file: 'misuse.test.ts' } })
      expect(error.message).toMatch(says)
    })

  it('an axis that is not there', () => {
    for (const f of [(x: Value) => x.sum(2), (x: Value) => x.flip(-3), (x: Value) => x.squeeze(5)])
      expect(misuse(x => f(x!), f32(2, 3))).toMatchObject({
        code: 'ATTR',
        expected: 'a whole number from -2 to 1',
      })
  })
})
