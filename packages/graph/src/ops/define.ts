import { type DType, isFloat } from '../dtype.ts'
import { AttrError, DTypeError, ShapeError } from '../errors.ts'
import type { Attrs } from '../graph.ts'
import type { OpDef, Scale } from '../op.ts'
import { sameShape, showType, sizeOf, type Type } from '../type.ts'

/** What an elementwise op is defined by: its scalar meaning and the product of a tangent with each partial. */
export interface Elementwise {
  readonly name: string
  readonly scalar: (...x: number[]) => number
  readonly integer?: (...x: number[]) => number
  /** One entry an input; `'none'` where the op has no derivative at all. */
  readonly partials: readonly (Scale | null)[] | 'none'
  readonly arity?: number
  /** dtypes taken; all inputs share one. Default: floats alone. */
  readonly takes?: 'float' | 'number' | 'integer' | 'bool' | 'any'
  /** dtype of the result: that of the inputs, or bool. */
  readonly gives?: 'same' | 'bool'
  readonly commutative?: boolean
  /** FLOP an element; 1 unless said. */
  readonly flops?: number
  readonly recompute?: 'cheap' | 'costly'
}

/** Builds an elementwise op: inputs and result of one shape (broadcasting is a node of its own). */
export function elementwise(e: Elementwise): OpDef {
  const arity = e.arity ?? (e.partials === 'none' ? 1 : e.partials.length)
  const takes = e.takes ?? 'float'
  return {
    name: e.name,
    kind: 'elementwise',
    arity,
    infer(inputs) {
      const first = inputs[0] as Type
      for (const t of inputs) {
        checkDType(t.dtype, takes)
        if (t.dtype !== first.dtype)
          throw new DTypeError('operands differ in dtype', {
            expected: showType(first),
            got: showType(t),
            hint: 'Convert one with cast().',
          })
        if (!sameShape(t.shape, first.shape))
          throw new ShapeError('operands differ in shape', { expected: showType(first), got: showType(t) })
      }
      return [{ dtype: e.gives === 'bool' ? 'bool' : first.dtype, shape: first.shape }]
    },
    flops: (_, results) => (e.flops ?? 1) * sizeOf((results[0] as Type).shape),
    recompute: e.recompute ?? 'cheap',
    derivative: e.partials === 'none' ? { kind: 'none' } : { kind: 'elementwise', partials: e.partials },
    scalar: e.scalar,
    ...(e.integer && { integer: e.integer }),
    ...(e.commutative && { commutative: true }),
  }
}

function checkDType(dtype: DType, takes: NonNullable<Elementwise['takes']>): void {
  const ok =
    takes === 'any' ||
    (takes === 'float' && isFloat(dtype)) ||
    (takes === 'number' && dtype !== 'bool') ||
    (takes === 'integer' && dtype !== 'bool' && !isFloat(dtype)) ||
    (takes === 'bool' && dtype === 'bool')
  if (!ok)
    throw new DTypeError('does not take this dtype', {
      expected: takes,
      got: dtype,
      hint: takes === 'float' ? "Convert with cast('f32')." : undefined,
    })
}

/** Checks that the attributes of an op are what it takes; used by every `infer` since graphs come from outside, too. */
export function integers(attrs: Attrs, name: string, least = 0): readonly number[] {
  const list = attrs[name]
  if (!Array.isArray(list) || !list.every(x => Number.isSafeInteger(x) && (x as number) >= least))
    throw new AttrError(`attribute '${name}' is wrong`, {
      expected: `a list of whole numbers, each at least ${least}`,
      got: JSON.stringify(list),
    })
  return list as readonly number[]
}

/** An axis list: distinct, each in `[0, rank)`. */
export function axes(attrs: Attrs, name: string, rank: number): readonly number[] {
  const list = integers(attrs, name)
  if (new Set(list).size !== list.length || list.some(a => a >= rank))
    throw new AttrError(`attribute '${name}' is wrong`, {
      expected: `distinct axes below ${rank}`,
      got: JSON.stringify(list),
    })
  return list
}

/** One whole number. */
export function integer(attrs: Attrs, name: string, least = 0): number {
  const x = attrs[name]
  if (!Number.isSafeInteger(x) || (x as number) < least)
    throw new AttrError(`attribute '${name}' is wrong`, {
      expected: `a whole number, at least ${least}`,
      got: JSON.stringify(x),
    })
  return x as number
}
