import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { arg, run, scattered, values } from '../../evaluate/testing.ts'
import { concat } from '../../functions/movement.ts'
import type { Value } from '../../trace/value.ts'
import { type Shape, sizeOf, stridesOf } from '../../type.ts'

describe('movement', () => {
  const six = arg([1, 2, 3, 4, 5, 6], [2, 3])

  it('on small cases', () => {
    expect(values(x => x!.transpose(), six)).toEqual([1, 4, 2, 5, 3, 6])
    expect(values(x => x!.flip(), six)).toEqual([6, 5, 4, 3, 2, 1])
    expect(values(x => x!.flip(-1), six)).toEqual([3, 2, 1, 6, 5, 4])
    expect(values(x => x!.slice([0, 1]), six)).toEqual([2, 3, 5, 6])
    expect(values(x => x!.slice([0, 0], [2, 3], [1, 2]), six)).toEqual([1, 3, 4, 6])
    expect(values(x => x!.slice([-1], [2]), six)).toEqual([4, 5, 6])
    expect(values(x => x!.pad([1, 0], [0, 1], 9), six)).toEqual([9, 9, 9, 9, 1, 2, 3, 9, 4, 5, 6, 9])
    expect(values(x => x!.concat([x!.flip(1)], 1), six)).toEqual([1, 2, 3, 3, 2, 1, 4, 5, 6, 6, 5, 4])
    expect(values(x => x!.reshape([3, -1]), six)).toEqual(six.data)
  })

  it('on scalars, single elements and nothing', () => {
    expect(run(x => x!.broadcast([2, 2]), arg([7], []))).toMatchObject({ data: [7, 7, 7, 7], shape: [2, 2] })
    expect(run(x => x!.reshape([1, 1]).squeeze(), arg([7], []))).toMatchObject({ data: [7], shape: [] })
    expect(run(x => x!.slice([1], [1]), six)).toMatchObject({ data: [], shape: [0, 3] })
    expect(run(x => x!.slice([1], [1]).pad([2, 0], [0, 0], 5), six).data).toEqual([5, 5, 5, 5, 5, 5])
    expect(run(x => concat([x!.slice([0], [0]), x!], 0), six)).toMatchObject({
      data: six.data,
      shape: [2, 3],
    })
  })

  it('pads a bool with true for any fill but zero', () => {
    expect(values(x => x!.pad([1], [1], 0.5), arg([0], [1], 'bool'))).toEqual([1, 0, 1])
  })
})

/** One movement: what it does to a value, its shape, and where each of its elements comes from (−1: the fill, 0). */
interface Step {
  readonly name: string
  apply(x: Value): Value
  readonly shape: Shape
  source(index: readonly number[]): readonly number[] | null
}

const nats = fc.infiniteStream(fc.nat(1000))

/** A movement that fits `shape`, chosen by numbers drawn from `next`. */
function step(shape: Shape, next: (below: number) => number): Step {
  const rank = shape.length
  switch (next(6)) {
    case 0: {
      const perm = shape.map((_, a) => a).sort(() => next(3) - 1)
      return {
        name: `transpose ${perm}`,
        apply: x => x.transpose(perm),
        shape: perm.map(a => shape[a]!),
        source: index => perm.map((_, a) => index[perm.indexOf(a)]!),
      }
    }
    case 1: {
      const axes = shape.map((_, a) => a).filter(() => next(2) === 0)
      return {
        name: `flip ${axes}`,
        apply: x => x.flip(axes),
        shape,
        source: index => index.map((i, a) => (axes.includes(a) ? shape[a]! - 1 - i : i)),
      }
    }
    case 2: {
      const start = shape.map(d => next(d))
      const by = shape.map(() => 1 + next(2))
      return {
        name: `slice ${start} by ${by}`,
        apply: x => x.slice(start, undefined, by),
        shape: shape.map((d, a) => Math.ceil((d - start[a]!) / by[a]!)),
        source: index => index.map((i, a) => start[a]! + i * by[a]!),
      }
    }
    case 3: {
      const [before, after] = [shape.map(() => next(2)), shape.map(() => next(2))]
      return {
        name: `pad ${before} ${after}`,
        apply: x => x.pad(before, after),
        shape: shape.map((d, a) => d + before[a]! + after[a]!),
        source(index) {
          const from = index.map((i, a) => i - before[a]!)
          return from.every((i, a) => i >= 0 && i < shape[a]!) ? from : null
        },
      }
    }
    case 4: {
      const to = [2, ...shape.map(d => (d === 1 ? 3 : d))]
      return {
        name: `broadcast to ${to}`,
        apply: x => x.broadcast(to),
        shape: to,
        source: index => index.slice(1).map((i, a) => (shape[a] === 1 ? 0 : i)),
      }
    }
    default: {
      const at = next(rank + 1)
      const to = [sizeOf(shape.slice(0, at)), sizeOf(shape.slice(at))]
      return {
        name: `reshape to ${to}`,
        apply: x => x.reshape(to),
        shape: to,
        source(index) {
          const flat = index[0]! * to[1]! + index[1]!
          return stridesOf(shape).map((s, a) => Math.floor(flat / s) % shape[a]!)
        },
      }
    }
  }
}

describe('a chain of movements', () => {
  it('reads what their index maps say, one after the other', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 3 }),
        fc.nat(4),
        nats,
        (first, length, draws) => {
          const keys = draws[Symbol.iterator]()
          const steps: Step[] = []
          let shape: Shape = first
          for (let i = 0; i <= length && sizeOf(shape) < 2000; i++) {
            const made = step(shape, below => (keys.next().value as number) % Math.max(1, below))
            steps.push(made)
            shape = made.shape
          }
          const x = scattered(first)
          const got = run(v => steps.reduce((y, s) => s.apply(y), v!), x)
          expect(got.shape, steps.map(s => s.name).join('; ')).toEqual(shape)
          const strides = stridesOf(first)
          for (const [flat, value] of got.data.entries()) {
            let index: readonly number[] | null = stridesOf(shape).map(
              (s, a) => Math.floor(flat / s) % shape[a]!,
            )
            for (const s of steps.toReversed()) if (index !== null) index = s.source(index)
            const expected = index === null ? 0 : x.data[index.reduce((at, i, a) => at + i * strides[a]!, 0)]
            expect(value, steps.map(s => s.name).join('; ')).toBe(expected)
          }
        },
      ),
      { seed: 5, numRuns: 300 },
    )
  })
})
