import { describe, expect, test } from 'vitest'
import { Precise, type Real } from '../testing/precise.ts'
import { Random } from '../testing/random.ts'
import * as math from './index.ts'

const full = process.env.STINT_FULL === '1'

type Range = readonly [low: number, high: number]

interface Case {
  readonly f: (x: number) => number
  readonly exact: (p: Precise, x: bigint) => Real
  readonly host?: (x: number) => number
  /** Largest error, as the docstring states it. */
  readonly ulps: number
  readonly range: Range
  readonly positive?: boolean
}

const cases: Record<string, Case> = {
  exp: { f: math.exp, exact: (p, x) => p.exp(x), host: Math.exp, ulps: 1, range: [-744, 709] },
  expm1: { f: math.expm1, exact: (p, x) => p.expm1(x), host: Math.expm1, ulps: 1, range: [-40, 150] },
  log: {
    f: math.log,
    exact: (p, x) => p.log(x),
    host: Math.log,
    ulps: 1,
    range: [1e-6, 1e6],
    positive: true,
  },
  log1p: { f: math.log1p, exact: (p, x) => p.log1p(x), host: Math.log1p, ulps: 1, range: [-0.999, 1e6] },
  tanh: { f: math.tanh, exact: (p, x) => p.tanh(x), host: Math.tanh, ulps: 2, range: [-22, 22] },
  sigmoid: { f: math.sigmoid, exact: (p, x) => p.sigmoid(x), ulps: 2, range: [-700, 40] },
  erf: { f: math.erf, exact: (p, x) => p.erf(x), ulps: 1, range: [-6.5, 6.5] },
  sin: { f: math.sin, exact: (p, x) => p.sin(x), host: Math.sin, ulps: 1, range: [-1e6, 1e6] },
  cos: { f: math.cos, exact: (p, x) => p.cos(x), host: Math.cos, ulps: 1, range: [-1e6, 1e6] },
  atan: { f: math.atan, exact: (p, x) => p.atan(x), host: Math.atan, ulps: 1, range: [-50, 50] },
}

const precise = new Precise(384)

/** Half of them spread evenly over the range, half over all sizes from 2⁻⁴⁰ up. */
function points({ range: [low, high], positive }: Case, count: number, seed: number): number[] {
  const random = new Random(seed)
  return Array.from({ length: count }, (_, i) => {
    if (i % 2 === 0) return random.float(low, high)
    const size = random.float(1, 2) * 2 ** random.int(-40, 20)
    const x = positive === true || random.chance(0.5) ? size : -size
    return Math.min(Math.max(x, low), high)
  })
}

describe.each(Object.entries(cases))('%s', (name, one) => {
  test(`is within ${one.ulps} ulp`, () => {
    let worst = { x: 0, ulps: 0 }
    for (const x of points(one, full ? 20000 : 400, 3)) {
      const ulps = precise.ulps(one.f(x), one.exact(precise, precise.from(x)))
      if (ulps > worst.ulps) worst = { x, ulps }
    }
    expect(worst.ulps, `at ${worst.x}`).toBeLessThan(one.ulps)
  })

  test.skipIf(one.host === undefined)(`is near Math.${name} on a dense grid`, () => {
    let worst = { x: 0, steps: 0 }
    for (const x of points(one, full ? 400000 : 20000, 5)) {
      const steps = distance(one.f(x), one.host?.(x) ?? 0)
      if (steps > worst.steps) worst = { x, steps }
    }
    // The host's is within 1 ulp, too.
    expect(worst.steps, `at ${worst.x}`).toBeLessThanOrEqual(one.ulps + 1)
  })
})

const words = new Float64Array(1)
const word = new BigInt64Array(words.buffer)

/** How many doubles lie between two. */
function distance(a: number, b: number): number {
  const place = (x: number) => {
    words[0] = x
    const bits = word[0] as bigint
    return bits < 0n ? -(2n ** 63n) - bits : bits
  }
  if (Object.is(a, b) || (a === 0 && b === 0)) return 0
  const n = place(a) - place(b)
  return Number(n < 0n ? -n : n)
}

describe('pow', () => {
  const random = new Random(7)
  const draw = () =>
    [random.float(1, 2) * 2 ** random.int(-30, 30), random.float(-1, 1) * 2 ** random.int(-10, 5)] as const

  test('is within 1 ulp', () => {
    let worst = { at: '', ulps: 0 }
    for (let i = 0; i < (full ? 20000 : 300); i++) {
      const [x, y] = draw()
      const got = math.pow(x, y)
      if (got === 0 || got === Number.POSITIVE_INFINITY) continue
      const ulps = precise.ulps(got, precise.pow(precise.from(x), precise.from(y)))
      if (ulps > worst.ulps) worst = { at: `${x}, ${y}`, ulps }
    }
    expect(worst.ulps, `at ${worst.at}`).toBeLessThan(1)
  })

  test('is near Math.pow', () => {
    for (let i = 0; i < 20000; i++) {
      const [x, y] = draw()
      expect(distance(math.pow(x, y), x ** y), `at ${x}, ${y}`).toBeLessThanOrEqual(2)
    }
  })

  test('is exact for whole powers that a double holds', () => {
    for (let x = -20; x <= 20; x++)
      for (let y = 0; y <= 12; y++) {
        const exact = BigInt(x) ** BigInt(y)
        if (exact <= 2n ** 53n && exact >= -(2n ** 53n)) expect(math.pow(x, y)).toBe(Number(exact))
      }
  })

  test('has the special values of C99', () => {
    const specials = [
      -0,
      0,
      1,
      -1,
      2,
      -2,
      3,
      -3,
      0.5,
      -0.5,
      Number.NaN,
      inf,
      -inf,
      2 ** 53,
      -(2 ** 53),
      1e300,
    ]
    for (const x of specials)
      for (const y of specials) {
        // Math.pow is NaN where C99 has 1.
        const c99 = x === 1 || (x === -1 && Math.abs(y) === inf) ? 1 : x ** y
        const got = math.pow(x, y)
        if (Number.isFinite(c99) && c99 !== 0 && Math.abs(c99) !== 1)
          expect(distance(got, c99), `${x}, ${y}`).toBeLessThanOrEqual(1)
        else expect(got, `${x}, ${y}`).toBe(c99)
      }
  })
})

describe('atan2', () => {
  test('is within 2 ulp in every quadrant', () => {
    const random = new Random(11)
    for (let i = 0; i < (full ? 20000 : 400); i++) {
      const draw = () => (random.chance(0.5) ? -1 : 1) * random.float(1, 2) * 2 ** random.int(-12, 12)
      const [y, x] = [draw(), draw()]
      const ulps = precise.ulps(math.atan2(y, x), precise.atan2(precise.from(y), precise.from(x)))
      expect(ulps, `at ${y}, ${x}`).toBeLessThan(2)
    }
  })

  test('has the special values of C99', () => {
    const specials = [-0, 0, 1, -1, inf, -inf, Number.NaN, 1e300, -1e300, 1e-300]
    for (const y of specials)
      for (const x of specials) {
        const [got, host] = [math.atan2(y, x), Math.atan2(y, x)]
        if (Object.is(host, -0) || host === 0 || Number.isNaN(host)) expect(got, `${y}, ${x}`).toBe(host)
        else expect(distance(got, host), `${y}, ${x}`).toBeLessThanOrEqual(2)
      }
  })
})

const inf = Number.POSITIVE_INFINITY
const tiny = 5e-324

describe('at the edges', () => {
  test.each([
    [
      'exp',
      [
        [-0, 1],
        [0, 1],
        [inf, inf],
        [-inf, 0],
        [709.7827128933841, inf],
        [-745.1332191019412, 0],
        [tiny, 1],
      ],
    ],
    [
      'expm1',
      [
        [-0, -0],
        [0, 0],
        [inf, inf],
        [-inf, -1],
        [tiny, tiny],
        [-tiny, -tiny],
        [710, inf],
        [-50, -1],
      ],
    ],
    [
      'log',
      [
        [-0, -inf],
        [0, -inf],
        [1, 0],
        [-1, Number.NaN],
        [inf, inf],
        [-inf, Number.NaN],
        [tiny, -744.4400719213812],
      ],
    ],
    [
      'log1p',
      [
        [-0, -0],
        [0, 0],
        [-1, -inf],
        [-2, Number.NaN],
        [inf, inf],
        [tiny, tiny],
        [-tiny, -tiny],
      ],
    ],
    [
      'tanh',
      [
        [-0, -0],
        [0, 0],
        [inf, 1],
        [-inf, -1],
        [tiny, tiny],
        [-30, -1],
      ],
    ],
    [
      'sigmoid',
      [
        [-0, 0.5],
        [0, 0.5],
        [inf, 1],
        [-inf, 0],
        [-800, 0],
        [800, 1],
      ],
    ],
    [
      'erf',
      [
        [-0, -0],
        [0, 0],
        [inf, 1],
        [-inf, -1],
        [7, 1],
        [-7, -1],
      ],
    ],
    [
      'sin',
      [
        [-0, -0],
        [0, 0],
        [inf, Number.NaN],
        [-inf, Number.NaN],
        [tiny, tiny],
      ],
    ],
    [
      'cos',
      [
        [-0, 1],
        [0, 1],
        [inf, Number.NaN],
        [-inf, Number.NaN],
        [tiny, 1],
      ],
    ],
    [
      'atan',
      [
        [-0, -0],
        [0, 0],
        [inf, Math.PI / 2],
        [-inf, -Math.PI / 2],
        [tiny, tiny],
      ],
    ],
  ] as const)('%s is what it should be', (name, pairs) => {
    const { f } = cases[name] as Case
    for (const [x, y] of pairs) expect(f(x), `${name}(${x})`).toBe(y)
    expect(f(Number.NaN)).toBeNaN()
  })

  test('odd functions are odd, cos is even', () => {
    for (const x of points(cases.tanh as Case, 1000, 13)) {
      for (const f of [math.tanh, math.erf, math.sin, math.atan]) expect(f(-x)).toBe(-f(x))
      expect(math.cos(-x)).toBe(math.cos(x))
    }
  })

  test('sin and cos are within 1 ulp for huge angles', () => {
    const deep = new Precise(2400)
    const random = new Random(17)
    const angles = Array.from(
      { length: full ? 500 : 40 },
      () => random.float(1, 2) * 2 ** random.int(20, 1022),
    )
    // The double nearest to a multiple of π/2 (Kahan & McDonald): 61 bits cancel.
    for (const x of [6381956970095103 * 2 ** 797, Number.MAX_VALUE, 1e22, 1647099, 1647098.999, ...angles]) {
      expect(deep.ulps(math.sin(x), deep.sin(deep.from(x))), `sin ${x}`).toBeLessThan(1)
      expect(deep.ulps(math.cos(-x), deep.cos(deep.from(x))), `cos ${x}`).toBeLessThan(1)
    }
  })

  test('results below the normal range round once', () => {
    for (const x of [-708.5, -710.25, -720.125, -740, -744.9]) {
      expect(precise.ulps(math.exp(x), precise.exp(precise.from(x))), `exp ${x}`).toBeLessThan(1)
      expect(precise.ulps(math.sigmoid(x), precise.sigmoid(precise.from(x))), `sigmoid ${x}`).toBeLessThan(2)
    }
  })
})

describe('the bits of the results', () => {
  /** FNV-1a over the bytes of the results on a grid that is exact in binary: even steps, then all sizes. */
  function hash(f: (x: number) => number): string {
    const results: number[] = []
    for (let i = -8192; i <= 8192; i++) results.push(f(i / 256))
    for (let k = -1074; k < 1024; k++)
      for (const m of [1, 1.25, 1.6875]) {
        const size = m * 2 ** k
        results.push(f(size), f(-size))
      }
    let h = 0x811c9dc5
    // Which NaN an engine makes is its own affair.
    const bytes = new Uint8Array(Float64Array.from(results, y => (Number.isNaN(y) ? 12345 : y)).buffer)
    for (const byte of bytes) h = Math.imul(h ^ byte, 0x01000193)
    return (h >>> 0).toString(16).padStart(8, '0')
  }

  test.each([
    ['exp', math.exp, 'b1e02152'],
    ['expm1', math.expm1, '71bcc95b'],
    ['log', math.log, 'c4f77d34'],
    ['log1p', math.log1p, '899d4adb'],
    ['tanh', math.tanh, '9dbfd4cd'],
    ['sigmoid', math.sigmoid, '8b52915f'],
    ['erf', math.erf, '75ec4859'],
    ['sin', math.sin, 'ad253ed1'],
    ['cos', math.cos, '188cfd08'],
    ['atan', math.atan, 'b910b69d'],
    ['pow', (x: number) => math.pow(Math.abs(x), 1.375) + math.pow(1.0625, x), 'd89ccf37'],
    ['atan2', (x: number) => math.atan2(x, -1.5) + math.atan2(0.75, x), 'e30a1cfd'],
  ] as const)('of %s are these on every engine', (_, f, frozen) => {
    expect(hash(f)).toBe(frozen)
  })
})
