import type { FunctionBuilder, Local, PlainOp } from '../asm/index.ts'
import { constF32, constF64, constI32 } from '../nest/vector.ts'

/**
 * Arithmetic on vectors, written as expressions: each method emits its instruction and returns a new local. The locals
 * are given back by `done`.
 */
export class VectorCode {
  readonly f: FunctionBuilder
  readonly #type: 'f32x4' | 'f64x2'
  readonly #temps: Local[] = []

  constructor(f: FunctionBuilder, type: 'f32x4' | 'f64x2') {
    this.f = f
    this.#type = type
  }

  /** A constant float in all lanes. */
  k(value: number): Local {
    return this.#type === 'f32x4' ? constF32(this.f, value) : constF64(this.f, value)
  }

  /** A constant of 32 bits in all lanes. */
  bits(value: number): Local {
    return constI32(this.f, value)
  }

  add(a: Local, b: Local): Local {
    return this.#float('add', a, b)
  }

  sub(a: Local, b: Local): Local {
    return this.#float('sub', a, b)
  }

  mul(a: Local, b: Local): Local {
    return this.#float('mul', a, b)
  }

  div(a: Local, b: Local): Local {
    return this.#float('div', a, b)
  }

  abs(a: Local): Local {
    return this.#float('abs', a)
  }

  neg(a: Local): Local {
    return this.#float('neg', a)
  }

  nearest(a: Local): Local {
    return this.#float('nearest', a)
  }

  lt(a: Local, b: Local): Local {
    return this.#float('lt', a, b)
  }

  gt(a: Local, b: Local): Local {
    return this.#float('gt', a, b)
  }

  eq(a: Local, b: Local): Local {
    return this.#float('eq', a, b)
  }

  /** At least `low`; NaN stays. */
  atLeast(a: Local, low: number): Local {
    return this.#float('pmax', a, this.k(low))
  }

  /** At most `high`; NaN stays. */
  atMost(a: Local, high: number): Local {
    return this.#float('pmin', a, this.k(high))
  }

  /** `a` where the mask is set, `b` elsewhere. */
  select(mask: Local, a: Local, b: Local): Local {
    return this.op('v128.bitselect', a, b, mask)
  }

  and(a: Local, b: Local): Local {
    return this.op('v128.and', a, b)
  }

  or(a: Local, b: Local): Local {
    return this.op('v128.or', a, b)
  }

  xor(a: Local, b: Local): Local {
    return this.op('v128.xor', a, b)
  }

  /** The size of `a` with the sign bit of `sign`, for an `a` that is not negative. */
  signed(a: Local, sign: Local): Local {
    return this.or(a, this.signOf(sign))
  }

  signOf(a: Local): Local {
    return this.and(a, this.k(-0))
  }

  /** c₀ + c₁ x + c₂ x² + …, by halves (Estrin): a processor computes several terms at once. */
  polynomial(x: Local, coefficients: readonly number[]): Local {
    let power = x
    let terms: Local[] = coefficients.map(c => this.k(c))
    while (terms.length > 1) {
      const next: Local[] = []
      for (let i = 0; i < terms.length; i += 2) {
        const high = terms[i + 1]
        next.push(high === undefined ? terms[i]! : this.add(terms[i]!, this.mul(high, power)))
      }
      terms = next
      if (terms.length > 1) power = this.mul(power, power)
    }
    return terms[0]!
  }

  /** Keeps what is on the stack, after one more instruction. */
  taken(op: PlainOp): Local {
    this.f.op(op)
    return this.#keep()
  }

  /** 32-bit lanes of `a` (0 to 3) and `b` (4 to 7). */
  lanes(a: Local, b: Local, lanes: readonly [number, number, number, number]): Local {
    this.f.get(a).get(b).shuffle32(lanes)
    return this.#keep()
  }

  /** A constant of 64 bits in both lanes. */
  bits64(value: bigint): Local {
    return this.f.kept(`i64x2 ${value}`, 'v128', () => this.f.i64x2(value))
  }

  /** The exponents in two f64, without a bias, as f64. */
  exponentOf(bits: Local): Local {
    const f = this.f
    f.get(bits).i32(52).op('i64x2.shr_s')
    const shifted = this.#keep()
    f.get(shifted).get(shifted).shuffle32([0, 2, 0, 2]).op('f64x2.convert_low_i32x4_s')
    return this.#keep()
  }

  /** Any instruction on vectors. */
  op(op: PlainOp, ...args: readonly Local[]): Local {
    for (const arg of args) this.f.get(arg)
    this.f.op(op)
    return this.#keep()
  }

  /** A shift by a constant. */
  shift(op: 'i32x4.shl' | 'i32x4.shr_s' | 'i32x4.shr_u' | 'i64x2.shl', a: Local, by: number): Local {
    this.f.get(a).i32(by).op(op)
    return this.#keep()
  }

  /** Pushes the result and gives all locals back. */
  done(result: Local): void {
    this.f.get(result).release(...this.#temps)
    this.#temps.length = 0
  }

  #float(name: string, ...args: readonly Local[]): Local {
    return this.op(`${this.#type}.${name}` as PlainOp, ...args)
  }

  #keep(): Local {
    const local = this.f.local('v128')
    this.#temps.push(local)
    this.f.set(local)
    return local
  }
}
