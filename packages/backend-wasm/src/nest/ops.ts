import { type DType, type ElementwiseOp, isFloat } from '@stint/graph'
import type { FunctionBuilder, Local, PlainOp } from '../asm/index.ts'
import type { PhaseBuilder, ScalarMath } from '../design.ts'
import { beyondReduction, VectorCode, vectorMath } from '../math/index.ts'
import { castPart } from './cast.ts'
import { eachF32, eachF64, eachI32 } from './scalar.ts'
import { constF32, constF64, constI32, type Lanes, partsOf, type Vector } from './vector.ts'

/** The result of an elementwise op in new locals, which `own` is told of. */
export function applyOp(
  b: PhaseBuilder,
  op: ElementwiseOp,
  args: readonly Vector[],
  dtype: DType,
  lanes: Lanes,
  own: () => Local,
): Vector {
  const parts: Local[] = []
  for (let part = 0; part < partsOf(dtype); part++) {
    pushPart(b, op, args, dtype, lanes, part)
    const local = own()
    b.f.set(local)
    parts.push(local)
  }
  return { dtype, parts }
}

function pushPart(
  b: PhaseBuilder,
  op: ElementwiseOp,
  args: readonly Vector[],
  to: DType,
  lanes: Lanes,
  part: number,
): void {
  const { f } = b
  const first = args[0]!
  if (op === 'cast') castPart(f, first, to, part)
  else if (op === 'where') where(f, args, part)
  else if (op in comparisons) compare(f, op as Comparison, args)
  else if (op === 'bitsToUnit') {
    f.get(first.parts[0]!).i32(8).op('i32x4.shr_u').op('f32x4.convert_i32x4_s')
    f.get(constF32(f, 2 ** -24)).op('f32x4.mul')
  } else if (to === 'bool') logic(f, op, args)
  else if (isFloat(to)) float(b, op, args, to, lanes, part)
  else integer(f, op, args, to, lanes)
}

function where(f: FunctionBuilder, [condition, x, y]: readonly Vector[], part: number): void {
  f.get(x!.parts[part]!).get(y!.parts[part]!).get(condition!.parts[0]!)
  if (x!.dtype === 'f64') f.op(part === 0 ? 'i64x2.extend_low_i32x4_s' : 'i64x2.extend_high_i32x4_s')
  f.op('v128.bitselect')
}

type Comparison = keyof typeof comparisons

const comparisons = { eq: 'eq', ne: 'ne', lt: 'lt', le: 'le' } as const

function compare(f: FunctionBuilder, op: Comparison, [x, y]: readonly Vector[]): void {
  const { dtype } = x!
  const pair = (part: number): FunctionBuilder => f.get(x!.parts[part]!).get(y!.parts[part]!)
  if (dtype === 'f64') {
    pair(0).op(`f64x2.${op}`)
    pair(1).op(`f64x2.${op}`).shuffle32([0, 2, 4, 6])
  } else if (dtype === 'f32') pair(0).op(`f32x4.${op}`)
  else if (op === 'eq' || op === 'ne') pair(0).op(`i32x4.${op}`)
  else pair(0).op(`i32x4.${op}_${dtype === 'i32' ? 's' : 'u'}`)
}

function logic(f: FunctionBuilder, op: ElementwiseOp, [x, y]: readonly Vector[]): void {
  f.get(x!.parts[0]!)
  if (op === 'not') f.op('v128.not')
  else if (op === 'and' || op === 'or') f.get(y!.parts[0]!).op(`v128.${op}`)
  else throw new RangeError(`${op} does not give a bool`)
}

/** f32 and f64 alike: `k` gives constants, `type` begins the names of instructions. */
interface Floats {
  readonly type: 'f32x4' | 'f64x2'
  readonly k: (f: FunctionBuilder, value: number) => Local
}

const floats: { readonly [dtype in 'f32' | 'f64']: Floats } = {
  f32: { type: 'f32x4', k: constF32 },
  f64: { type: 'f64x2', k: constF64 },
}

function float(
  b: PhaseBuilder,
  op: ElementwiseOp,
  args: readonly Vector[],
  to: DType,
  lanes: Lanes,
  part: number,
): void {
  const { f } = b
  const { type, k } = floats[to as 'f32' | 'f64']
  const [x, y] = args.map(a => a.parts[part]!) as [Local, Local]
  const plain = instructions[op]
  if (plain !== undefined) {
    f.get(x)
    if (args.length > 1) f.get(y)
    f.op(`${type}.${plain}` as PlainOp)
    return
  }
  switch (op) {
    case 'square':
      f.get(x).get(x).op(`${type}.mul`)
      return
    case 'reciprocal':
      f.get(k(f, 1)).get(x).op(`${type}.div`)
      return
    case 'rsqrt':
      f.get(k(f, 1)).get(x).op(`${type}.sqrt`).op(`${type}.div`)
      return
    case 'relu':
      // pmax(x, 0) is x unless x < 0: it keeps NaN, and −0, which the addition turns to +0.
      f.get(x).get(k(f, 0)).op(`${type}.pmax`).get(k(f, 0)).op(`${type}.add`)
      return
    case 'sign':
      // Positive: 1; else negative: −1; else x itself, which is ±0 or NaN.
      f.get(k(f, 1)).get(k(f, -1)).get(x).get(x).get(k(f, 0)).op(`${type}.lt`).op('v128.bitselect')
      f.get(x).get(k(f, 0)).op(`${type}.gt`).op('v128.bitselect')
      return
    default:
  }
  const name = op as ScalarMath
  const vector = to === 'f32' ? vectorMath[name] : undefined
  if (vector !== undefined) {
    const v = new VectorCode(f, 'f32x4')
    v.done(vector(v, x))
    if (name === 'sin' || name === 'cos') mendLarge(b, name, x, lanes)
    return
  }
  const call = () => void f.call(b.scalarMath(name))
  if (to === 'f32')
    eachF32(
      f,
      lanes,
      args.map(a => a.parts[0]!),
      call,
    )
  else
    eachF64(
      f,
      lanes,
      args.map(a => a.parts[part]!),
      call,
    )
}

/** Replaces, in the sines on the stack, those of angles that are too large for vectors. */
function mendLarge(b: PhaseBuilder, name: 'sin' | 'cos', x: Local, lanes: Lanes): void {
  const { f } = b
  const [y, large] = [f.local('v128'), f.local('v128')]
  f.set(y)
  const v = new VectorCode(f, 'f32x4')
  v.done(beyondReduction(v, x))
  f.tee(large)
    .op('v128.any_true')
    .if(() => {
      eachF32(f, lanes, [x], () => void f.call(b.scalarMath(name)))
      f.get(y).get(large).op('v128.bitselect').set(y)
    })
  f.get(y).release(y, large)
}

/** Ops that are one instruction on floats. */
const instructions: { readonly [op in ElementwiseOp]?: string } = {
  abs: 'abs',
  add: 'add',
  ceil: 'ceil',
  div: 'div',
  floor: 'floor',
  maximum: 'max',
  minimum: 'min',
  mul: 'mul',
  neg: 'neg',
  round: 'nearest',
  sqrt: 'sqrt',
  sub: 'sub',
}

function integer(
  f: FunctionBuilder,
  op: ElementwiseOp,
  args: readonly Vector[],
  to: DType,
  lanes: Lanes,
): void {
  const [x, y] = args.map(a => a.parts[0]!) as [Local, Local]
  const signed = to === 'i32'
  const binary = integerInstructions[op]
  if (binary !== undefined) f.get(x).get(y).op(`i32x4.${binary}`)
  else {
    switch (op) {
      case 'square':
        f.get(x).get(x).op('i32x4.mul')
        break
      case 'neg':
        f.get(x).op('i32x4.neg')
        break
      case 'abs':
        f.get(x)
        if (signed) f.op('i32x4.abs')
        break
      case 'relu':
        f.get(x)
        if (signed) f.get(constI32(f, 0)).op('i32x4.max_s')
        break
      case 'maximum':
        f.get(x)
          .get(y)
          .op(signed ? 'i32x4.max_s' : 'i32x4.max_u')
        break
      case 'minimum':
        f.get(x)
          .get(y)
          .op(signed ? 'i32x4.min_s' : 'i32x4.min_u')
        break
      case 'sign':
        f.get(x)
          .get(constI32(f, 1))
          .op(signed ? 'i32x4.min_s' : 'i32x4.min_u')
        if (signed) f.get(constI32(f, -1)).op('i32x4.max_s')
        break
      case 'div':
        eachI32(f, lanes, [x, y], () => divide(f, signed))
        break
      default:
        throw new RangeError(`${op} on integers`)
    }
  }
  if (to === 'u8') f.get(constI32(f, 255)).op('v128.and')
}

const integerInstructions: { readonly [op in ElementwiseOp]?: 'add' | 'mul' | 'sub' } = {
  add: 'add',
  mul: 'mul',
  sub: 'sub',
}

/** Pushes the quotient of the two integers on the stack; 0 for a divisor of 0, and −2³¹ / −1 wraps. */
function divide(f: FunctionBuilder, signed: boolean): void {
  const [x, y] = [f.local('i64'), f.local('i64')]
  f.op(signed ? 'i64.extend_i32_s' : 'i64.extend_i32_u').set(y)
  f.op(signed ? 'i64.extend_i32_s' : 'i64.extend_i32_u').set(x)
  f.get(y)
    .op('i64.eqz')
    .if(
      () => f.i32(0),
      () => f.get(x).get(y).op('i64.div_s').op('i32.wrap_i64'),
      'i32',
    )
  f.release(x, y)
}
