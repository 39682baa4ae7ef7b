// Functions of real numbers to hundreds of bits, by the plainest series, against which those of `math/` are measured.

/** A real number m · 2^(e − bits), with `bits` of the `Precise` that made it. */
export interface Real {
  readonly m: bigint
  readonly e: number
}

const abs = (x: bigint) => (x < 0n ? -x : x)
const lengthOf = (x: bigint) => abs(x).toString(2).length

/** `x` as an integer times a power of two. */
function parts(x: number): Real {
  let [m, e] = [x, 0]
  while (!Number.isInteger(m)) {
    m *= 2
    e--
  }
  return { m: BigInt(m), e }
}

/** ⌊√n⌋, by Newton's method. */
function squareRoot(n: bigint): bigint {
  if (n < 2n) return n
  let x = 1n << BigInt(Math.ceil(lengthOf(n) / 2))
  for (;;) {
    const next = (x + n / x) >> 1n
    if (next >= x) return x
    x = next
  }
}

/** Fixed-point arithmetic with `bits` bits after the point; its methods take and give such numbers. */
export class Precise {
  readonly bits: number
  readonly #point: bigint
  readonly #one: bigint
  readonly #ln2: bigint
  readonly #pi: bigint

  constructor(bits: number) {
    this.bits = bits
    this.#point = BigInt(bits)
    this.#one = 1n << this.#point
    this.#ln2 = 2n * this.#odd(this.#one / 3n, 1n)
    const arctan = (n: bigint) => this.#odd(this.#one / n, -1n)
    this.#pi = 16n * arctan(5n) - 4n * arctan(239n)
  }

  /** Exact for a number of `bits` bits after the point at most. */
  from(x: number): bigint {
    const { m, e } = parts(x)
    const shift = this.#point + BigInt(e)
    if (shift < 0n) throw new RangeError(`${x} needs more than ${this.bits} bits`)
    return m << shift
  }

  /** |y − exact| in units in the last place of `exact`, as a double has them. */
  ulps(y: number, exact: Real): number {
    const { m, e } = parts(y)
    // Both times 2^(bits − exact.e + 1200), so that neither has a fraction.
    const extra = 1200
    const got = m << BigInt(e + this.bits - exact.e + extra)
    const want = exact.m << BigInt(extra)
    const exponent = Math.max(lengthOf(exact.m) - 1 + exact.e - this.bits, -1022)
    const ulp = 1n << BigInt(exponent - 52 + this.bits - exact.e + extra)
    return Number((abs(got - want) << 20n) / ulp) / 2 ** 20
  }

  #mul(a: bigint, b: bigint): bigint {
    return (a * b) >> this.#point
  }

  #div(a: bigint, b: bigint): bigint {
    return (a << this.#point) / b
  }

  /** x + s x³/3 + x⁵/5 + s x⁷/7 …: artanh for s = 1, arctan for s = −1. For |x| < 1. */
  #odd(x: bigint, s: bigint): bigint {
    const square = this.#mul(x, x)
    let [sum, power, sign] = [x, x, 1n]
    for (let n = 3n; power !== 0n && power !== -1n; n += 2n) {
      power = this.#mul(power, square)
      sign *= s
      sum += (sign * power) / n
    }
    return sum
  }

  #real(m: bigint, e = 0): Real {
    return { m, e }
  }

  /** 2ᵏ · eʳ with r small. */
  exp(x: bigint): Real {
    const k = x / this.#ln2
    const r = (x - k * this.#ln2) >> 8n
    let [sum, term] = [this.#one, this.#one]
    for (let n = 1n; term !== 0n && term !== -1n; n++) {
      term = this.#mul(term, r) / n
      sum += term
    }
    for (let i = 0; i < 8; i++) sum = this.#mul(sum, sum)
    return this.#real(sum, Number(k))
  }

  /** For |x| small enough that eˣ has digits after the point. */
  #plainExp(x: bigint): bigint {
    const { m, e } = this.exp(x)
    return e < 0 ? m >> BigInt(-e) : m << BigInt(e)
  }

  expm1(x: bigint): Real {
    return this.#real(this.#plainExp(x) - this.#one)
  }

  log(x: bigint): Real {
    let [f, k] = [x, 0n]
    while (2n * f < this.#one) [f, k] = [f << 1n, k - 1n]
    while (f > this.#one + (this.#one >> 1n)) [f, k] = [f >> 1n, k + 1n]
    // Halving drops bits of a large x; a double has none there.
    return this.#real(2n * this.#odd(this.#div(f - this.#one, f + this.#one), 1n) + k * this.#ln2)
  }

  log1p(x: bigint): Real {
    return this.log(x + this.#one)
  }

  pow(x: bigint, y: bigint): Real {
    return this.exp(this.#mul(y, this.log(x).m))
  }

  tanh(x: bigint): Real {
    const e = this.#plainExp(2n * x)
    return this.#real(this.#div(e - this.#one, e + this.#one))
  }

  sigmoid(x: bigint): Real {
    const { m, e } = this.exp(x)
    const plain = this.#plainExp(x)
    return this.#real(this.#div(m, this.#one + plain), e)
  }

  /** 2/√π (x − x³/3 + x⁵/(2!·5) − …). */
  erf(x: bigint): Real {
    const square = this.#mul(x, x)
    let [sum, power] = [x, x]
    for (let n = 1n; power !== 0n && power !== -1n; n++) {
      power = -this.#mul(power, square) / n
      sum += power / (2n * n + 1n)
    }
    return this.#real(this.#div(2n * sum, squareRoot(this.#pi << this.#point)))
  }

  sin(x: bigint): Real {
    return this.#circular(x, 0n)
  }

  cos(x: bigint): Real {
    return this.#circular(x, 1n)
  }

  /** sin(x + quarter · π/2). */
  #circular(x: bigint, quarter: bigint): Real {
    const half = this.#pi >> 1n
    const turns = (2n * x + half) / (2n * half)
    const r = x - turns * half
    const place = (((turns + quarter) % 4n) + 4n) % 4n
    const even = place % 2n === 0n
    const square = this.#mul(r, r)
    let term = even ? r : this.#one
    let sum = term
    for (let n = even ? 2n : 1n; term !== 0n && term !== -1n; n += 2n) {
      term = -this.#mul(term, square) / (n * (n + 1n))
      sum += term
    }
    return this.#real(place >= 2n ? -sum : sum)
  }

  atan(x: bigint): Real {
    let r = x
    for (let i = 0; i < 6; i++) {
      const root = squareRoot((this.#one + this.#mul(r, r)) << this.#point)
      r = this.#div(r, this.#one + root)
    }
    return this.#real(this.#odd(r, -1n) << 6n)
  }

  atan2(y: bigint, x: bigint): Real {
    const angle = this.atan(this.#div(y, x)).m
    if (x > 0n) return this.#real(angle)
    return this.#real(y < 0n ? angle - this.#pi : angle + this.#pi)
  }
}
