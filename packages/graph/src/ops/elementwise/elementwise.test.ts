import { describe, expect, it } from 'vitest'
import type { DType } from '../../dtype.ts'
import { DTypeError } from '../../errors.ts'
import { arg, values } from '../../evaluate/testing.ts'
import type { RuleContext } from '../../op.ts'
import { emit } from '../../trace/current.ts'
import { trace } from '../../trace/trace.ts'
import type { Value } from '../../trace/value.ts'
import { bool, f32, type Type } from '../../type.ts'
import { type ElementwiseOp, type OpName, opDef, ops } from '../index.ts'

const [inf, nan] = [Number.POSITIVE_INFINITY, Number.NaN]

/** An op on arguments of one dtype. */
function apply(op: OpName, dtype: DType, ...columns: number[][]): number[] {
  return values((...x) => emit(op, {}, ...x), ...columns.map(c => arg(c, [c.length], dtype)))
}

/** `∂op/∂inputᵢ` at each element, by the op's own rule. */
function partial(op: OpName, i: number, ...columns: number[][]): number[] {
  const { derivative } = opDef(op)
  if (derivative.kind !== 'elementwise') throw new Error(`${op} has no elementwise derivative`)
  const scale = derivative.partials[i]
  return values(
    (...inputs: Value[]) => {
      const result = emit(op, {}, ...inputs)
      const at: RuleContext = { inputs, results: [result], result, attrs: {} }
      return scale?.(result.zerosLike().add(1), at) ?? result.zerosLike()
    },
    ...columns.map(c => arg(c)),
  )
}

describe('values', () => {
  const cases: { op: ElementwiseOp; dtype?: DType; of: number[][]; is: number[] }[] = [
    { op: 'abs', of: [[-2, 0, 3, nan]], is: [2, 0, 3, nan] },
    { op: 'sign', of: [[-2, 0, 3, nan]], is: [-1, 0, 1, nan] },
    { op: 'floor', of: [[-1.5, 1.5, 2]], is: [-2, 1, 2] },
    { op: 'ceil', of: [[-1.5, 1.5, 2]], is: [-1, 2, 2] },
    {
      op: 'round',
      of: [[0.5, 1.5, 2.5, -0.5, -1.5, 2.4999, 4503599627370497, nan, -inf]],
      is: [0, 2, 2, -0, -2, 2, 4503599627370497, nan, -inf],
    },
    {
      op: 'maximum',
      of: [
        [1, nan, -0, 2],
        [2, 1, 0, nan],
      ],
      is: [2, nan, 0, nan],
    },
    {
      op: 'minimum',
      of: [
        [1, nan, -0, 2],
        [2, 1, 0, nan],
      ],
      is: [1, nan, -0, nan],
    },
    {
      op: 'eq',
      of: [
        [1, nan, 0],
        [1, nan, -0],
      ],
      is: [1, 0, 1],
    },
    {
      op: 'ne',
      of: [
        [1, nan, 0],
        [1, nan, -0],
      ],
      is: [0, 1, 0],
    },
    {
      op: 'lt',
      of: [
        [1, 2, nan],
        [2, 2, 1],
      ],
      is: [1, 0, 0],
    },
    {
      op: 'le',
      of: [
        [1, 2, nan],
        [2, 2, 1],
      ],
      is: [1, 1, 0],
    },
    {
      op: 'and',
      dtype: 'bool',
      of: [
        [1, 1, 0, 0],
        [1, 0, 1, 0],
      ],
      is: [1, 0, 0, 0],
    },
    {
      op: 'or',
      dtype: 'bool',
      of: [
        [1, 1, 0, 0],
        [1, 0, 1, 0],
      ],
      is: [1, 1, 1, 0],
    },
    { op: 'not', dtype: 'bool', of: [[1, 0]], is: [0, 1] },
    { op: 'relu', of: [[-1, 0, 2, nan, -inf]], is: [0, 0, 2, nan, 0] },
    {
      op: 'pow',
      of: [
        [2, 0, -2, 4, 0],
        [10, 0, 3, 0.5, -1],
      ],
      is: [1024, 1, -8, 2, inf],
    },
    { op: 'exp', of: [[0, 1, -inf]], is: [1, Math.E, 0] },
    { op: 'log', of: [[1, 0, -1]], is: [0, -inf, nan] },
    { op: 'sqrt', of: [[4, 0, -1]], is: [2, 0, nan] },
    { op: 'rsqrt', of: [[4, 0]], is: [0.5, inf] },
    { op: 'reciprocal', of: [[4, -0]], is: [0.25, -inf] },
    { op: 'sigmoid', of: [[0, -inf, inf]], is: [0.5, 0, 1] },
    { op: 'tanh', of: [[0, -inf, inf]], is: [0, -1, 1] },
    {
      op: 'atan2',
      of: [
        [1, 0, -1],
        [0, -1, 0],
      ],
      is: [Math.PI / 2, Math.PI, -Math.PI / 2],
    },
    { op: 'stopGradient', of: [[1, nan]], is: [1, nan] },
    { op: 'bitsToUnit', dtype: 'u32', of: [[0, 255, 256, 0xffffffff]], is: [0, 0, 2 ** -24, 1 - 2 ** -24] },
  ]
  for (const { op, dtype = 'f64', of, is } of cases)
    it(op, () => {
      const got = apply(op, dtype, ...of)
      for (const [i, x] of is.entries()) {
        if (Number.isFinite(x) && x % 1 !== 0) expect(got[i]).toBeCloseTo(x, 14)
        else expect(got[i]).toBe(x)
      }
    })

  it('round once to f32', () => {
    expect(apply('add', 'f32', [1], [2 ** -25])).toEqual([1])
    expect(apply('mul', 'f32', [1 + 2 ** -23], [1 + 2 ** -23])).toEqual([1 + 2 ** -22])
    expect(apply('exp', 'f32', [1])).toEqual([Math.fround(Math.E)])
  })

  it('wrap on integers', () => {
    const top = 2 ** 31 - 1
    expect(apply('add', 'i32', [top], [1])).toEqual([-(2 ** 31)])
    expect(apply('mul', 'i32', [top, 65537], [top, 65537])).toEqual([1, 131073])
    expect(apply('mul', 'u32', [0xffffffff], [0xffffffff])).toEqual([1])
    expect(apply('square', 'u8', [17])).toEqual([33])
    expect(apply('neg', 'u8', [1])).toEqual([255])
    expect(apply('neg', 'i32', [-(2 ** 31)])).toEqual([-(2 ** 31)])
  })

  it('divide integers towards zero, and by zero to zero', () => {
    expect(apply('div', 'i32', [7, -7, 7, 5, -(2 ** 31)], [2, 2, -2, 0, -1])).toEqual([
      3,
      -3,
      -3,
      0,
      -(2 ** 31),
    ])
    expect(apply('div', 'u32', [0xffffffff, 0xfffffffe], [0xffffffff, 0xffffffff])).toEqual([1, 0])
  })

  it('where picks by its condition', () => {
    const [c, a, b] = [arg([1, 0, 1], [3], 'bool'), arg([1, 2, nan]), arg([4, nan, 6])]
    expect(values((x, y, z) => emit('where', {}, x as Value, y as Value, z as Value), c, a, b)).toEqual([
      1,
      nan,
      nan,
    ])
  })
})

describe('cast', () => {
  const to = (dtype: DType, from: DType, data: number[]) =>
    values(x => (x as Value).cast(dtype), arg(data, [data.length], from))

  it('truncates floats towards zero and wraps them, NaN and infinities to 0', () => {
    expect(to('i32', 'f64', [1.9, -1.9, nan, inf, 2 ** 31, 2 ** 32 + 3])).toEqual([
      1,
      -1,
      0,
      0,
      -(2 ** 31),
      3,
    ])
    expect(to('u8', 'f32', [257.5, -1, nan])).toEqual([1, 255, 0])
  })

  it('asks for non-zero on the way to bool', () => {
    expect(to('bool', 'f64', [0, -0, 0.5, 256, nan])).toEqual([0, 0, 1, 1, 1])
  })

  it('rounds to f32, and reads bools as 0 and 1', () => {
    expect(to('f32', 'f64', [0.1])).toEqual([Math.fround(0.1)])
    expect(to('f32', 'bool', [1, 0])).toEqual([1, 0])
    expect(to('u32', 'i32', [-1])).toEqual([0xffffffff])
  })

  it('has a derivative between floats alone', () => {
    const products = (from: DType, dtype: DType): (string | null)[] => {
      const seen: (string | null)[] = []
      trace(
        x => {
          const result = (x as Value).cast(dtype)
          const { derivative } = ops.cast
          if (derivative.kind !== 'rule') throw new Error('cast has a rule')
          const at = { inputs: [x as Value], results: [result], result, attrs: { dtype } }
          seen.push(
            derivative.jvp([x as Value], at)[0]?.dtype ?? null,
            derivative.vjp([result], at)[0]?.dtype ?? null,
          )
          return result
        },
        [{ dtype: from, shape: [2] }],
      )
      return seen
    }
    expect(products('f32', 'f64')).toEqual(['f64', 'f32'])
    expect(products('f32', 'i32')).toEqual([null, null])
    expect(products('i32', 'f32')).toEqual([null, null])
  })
})

describe('derivatives', () => {
  /** Points inside the domain of each op, away from its kinks. */
  const unary: Partial<Record<ElementwiseOp, number[]>> = {
    log: [0.3, 2],
    log1p: [-0.5, 2],
    sqrt: [0.3, 2],
    rsqrt: [0.3, 2],
  }
  const binary: Partial<Record<ElementwiseOp, [number[], number[]]>> = {
    pow: [
      [0.5, 2, 3],
      [2, -1.5, 0.5],
    ],
  }
  const smooth = (Object.keys(ops) as OpName[]).filter(op => {
    const { derivative, kind } = ops[op]
    return kind === 'elementwise' && derivative.kind === 'elementwise' && op !== 'where'
  }) as ElementwiseOp[]

  for (const op of smooth)
    it(`${op} agrees with central differences`, () => {
      const points =
        ops[op].arity === 1
          ? [unary[op] ?? [-1.7, -0.4, 0.3, 2.1]]
          : (binary[op] ?? [
              [0.3, -1.2, 2],
              [1.5, 0.7, -0.6],
            ])
      for (const i of points.keys()) {
        const h = 1e-6
        const moved = (by: number) =>
          apply(op, 'f64', ...points.map((p, j) => p.map(x => (i === j ? x + by : x))))
        const [up, down] = [moved(h), moved(-h)]
        for (const [k, d] of partial(op, i, ...points).entries())
          expect(d).toBeCloseTo(((up[k] as number) - (down[k] as number)) / (2 * h), 6)
      }
    })

  it('at kinks and ties are those of PyTorch', () => {
    expect(partial('relu', 0, [0, -0, 1, -1])).toEqual([0, 0, 1, 0])
    expect(partial('abs', 0, [0, 2, -2])).toEqual([0, 1, -1])
    for (const op of ['maximum', 'minimum'] as const) {
      expect(partial(op, 0, [1], [1])).toEqual([0.5])
      expect(partial(op, 1, [1], [1])).toEqual([0.5])
    }
    expect(partial('maximum', 0, [2, 1], [1, 2])).toEqual([1, 0])
    expect(partial('minimum', 0, [2, 1], [1, 2])).toEqual([0, 1])
  })

  it('of pow stay finite at 0', () => {
    expect(partial('pow', 0, [0, 0, 0], [0, 1, 2])).toEqual([0, 1, 0])
    expect(partial('pow', 1, [0, 0, 2], [0, 2, 0])).toEqual([0, 0, expect.closeTo(Math.LN2, 14)])
  })

  it('of where belong to the side that is taken', () => {
    const { derivative } = ops.where
    if (derivative.kind !== 'elementwise') throw new Error('where has partials')
    const side = (i: number) =>
      values(
        (c, a, b) => {
          const inputs = [c as Value, a as Value, b as Value]
          const result = emit('where', {}, ...inputs)
          return (
            derivative.partials[i]?.(b as Value, { inputs, results: [result], result, attrs: {} }) ??
            result.zerosLike()
          )
        },
        arg([1, 0], [2], 'bool'),
        arg([1, 2]),
        arg([3, 4]),
      )
    expect([side(0), side(1), side(2)]).toEqual([
      [0, 0],
      [3, 0],
      [0, 4],
    ])
  })
})

describe('types', () => {
  const refused: { op: OpName; inputs: Type[] }[] = [
    { op: 'exp', inputs: [{ dtype: 'i32', shape: [2] }] },
    { op: 'and', inputs: [f32(2), f32(2)] },
    { op: 'add', inputs: [bool(2), bool(2)] },
    { op: 'add', inputs: [f32(2), { dtype: 'f64', shape: [2] }] },
    { op: 'where', inputs: [f32(2), f32(2), f32(2)] },
    { op: 'where', inputs: [bool(2), f32(2), { dtype: 'i32', shape: [2] }] },
    { op: 'bitsToUnit', inputs: [f32(2)] },
  ]
  for (const { op, inputs } of refused)
    it(`${op} refuses ${inputs.map(t => t.dtype).join(', ')}`, () => {
      expect(() => trace((...x: Value[]) => emit(op, {}, ...x), inputs)).toThrow(DTypeError)
    })

  it('comparisons give bools', () => {
    for (const op of ['eq', 'ne', 'lt', 'le'] as const)
      expect(ops[op].infer([f32(2), f32(2)], {})).toEqual([bool(2)])
  })

  it('every op states its name as in the table', () => {
    for (const [name, def] of Object.entries(ops)) expect(def.name).toBe(name)
  })
})
