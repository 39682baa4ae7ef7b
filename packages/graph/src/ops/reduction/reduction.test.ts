import { describe, expect, it } from 'vitest'
import { arg, run, scattered, values } from '../../evaluate/testing.ts'
import type { Value } from '../../trace/value.ts'
import { bool, f32 } from '../../type.ts'
import { ops } from '../index.ts'

const nan = Number.NaN
const six = arg([1, 5, 2, 6, 3, 4], [2, 3])

describe('reductions', () => {
  it('over some axes, all, and with axes kept', () => {
    expect(run(x => x!.sum(), six)).toMatchObject({ data: [21], shape: [] })
    expect(run(x => x!.sum(0), six)).toMatchObject({ data: [7, 8, 6], shape: [3] })
    expect(run(x => x!.max(-1, true), six)).toMatchObject({ data: [5, 6], shape: [2, 1] })
    expect(run(x => x!.min([0, 1]), six)).toMatchObject({ data: [1], shape: [] })
    expect(run(x => x!.sum([0, 2]), scattered([2, 3, 4]))).toMatchObject({ shape: [3] })
  })

  it('of size 1, of scalars and of nothing', () => {
    expect(run(x => x!.sum(1), arg([3, 4], [2, 1])).data).toEqual([3, 4])
    expect(run(x => x!.sum(), arg([3], [])).data).toEqual([3])
    expect(run(x => x!.sum(1), arg([], [2, 0])).data).toEqual([0, 0])
    expect(() => ops.max.infer([f32(2, 0)], { axes: [1] })).toThrow(/empty axis/)
  })

  it('accumulate in f64 in row-major order, and round once', () => {
    expect(values(x => x!.sum(), arg([2 ** 24, 1, 1], [3], 'f32'))).toEqual([2 ** 24 + 2])
    expect(values(x => x!.sum(), arg([2 ** 60, 1, -(2 ** 60), 1], [2, 2]))).toEqual([1])
    expect(values(x => x!.sum(0), arg([2 ** 60, 1, -(2 ** 60), 1], [2, 2]))).toEqual([0, 2])
  })

  it('of integers wrap', () => {
    expect(values(x => x!.sum(), arg([2 ** 31 - 1, 1, 1], [3], 'i32'))).toEqual([-(2 ** 31) + 1])
    expect(values(x => x!.sum(), arg([2 ** 32 - 1, 3], [2], 'u32'))).toEqual([2])
    expect(values(x => x!.max(), arg([3, 2 ** 32 - 1], [2], 'u32'))).toEqual([2 ** 32 - 1])
  })

  it('propagate NaN', () => {
    const x = arg([1, nan, 2, 3], [2, 2])
    expect(values(v => v!.max(1), x)).toEqual([nan, 3])
    expect(values(v => v!.min(1), x)).toEqual([nan, 2])
    expect(values(v => v!.sum(1), x)).toEqual([nan, 5])
  })

  it('refuse bools, unknown axes and axes named twice', () => {
    expect(() => ops.sum.infer([bool(2)], { axes: [0] })).toThrow(/does not take this dtype/)
    expect(() => ops.sum.infer([f32(2)], { axes: [1] })).toThrow(/axes below 1/)
    expect(() => run(x => x!.sum([0, -2]), six)).toThrow(/named twice/)
    expect(() => run(x => x!.sum(2), six)).toThrow(/from -2 to 1, got 2/)
  })
})

describe('the derivative of an extreme', () => {
  const { derivative } = ops.max
  const product = (which: 'jvp' | 'vjp', t: (x: Value, y: Value) => Value, x: number[]) =>
    values(v => {
      if (derivative.kind !== 'rule') throw new Error('max has a rule')
      const result = v!.max()
      const at = { inputs: [v!], results: [result], result, attrs: { axes: [0] } }
      return derivative[which]([t(v!, result)], at)[0] ?? v!.zerosLike()
    }, arg(x))

  it('is shared evenly by equal elements', () => {
    expect(product('vjp', (_, y) => y.zerosLike().add(6), [1, 3, 3, 0])).toEqual([0, 3, 3, 0])
    expect(product('jvp', x => x.mul(2), [1, 3, 3, 0])).toEqual([6])
  })
})
