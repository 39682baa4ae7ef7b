import { describe, expect, test } from 'vitest'
import { ByteWriter } from './bytes.ts'
import type { FunctionBuilder, ValType } from './function.ts'
import { ModuleBuilder } from './module.ts'
import {
  type LaneOp,
  laneMemoryOps,
  laneOps,
  type MemoryOp,
  memoryOps,
  type PlainOp,
  plainOps,
  simdOps,
} from './opcodes.ts'

/** An instance of a module with one exported function `f`. */
function run(
  params: ValType[],
  results: ValType[],
  body: (f: FunctionBuilder) => void,
): (...args: (number | bigint)[]) => number | bigint {
  const module = new ModuleBuilder()
  const { index, code } = module.function(params, results)
  body(code)
  module.exportFunction('f', index)
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.encode()))
  return instance.exports.f as (...args: (number | bigint)[]) => number | bigint
}

/** Pushes a constant of the type. */
function push(f: FunctionBuilder, type: ValType): void {
  if (type === 'i32') f.i32(3)
  else if (type === 'i64') f.i64(5n)
  else if (type === 'f32') f.f32(1.5)
  else if (type === 'f64') f.f64(2.5)
  else f.i32x4(7)
}

const lanes: { readonly [shape: string]: ValType } = {
  i8x16: 'i32',
  i16x8: 'i32',
  i32x4: 'i32',
  i64x2: 'i64',
  f32x4: 'f32',
  f64x2: 'f64',
}

/** Operand and result types of an instruction, told from its name. */
function typesOf(op: string): readonly [operands: ValType[], result: ValType] {
  const [family, name] = op.split('.') as [string, string]
  if (family in lanes || family === 'v128') {
    if (name === 'splat') return [[lanes[family]!], 'v128']
    if (/^(all_true|any_true|bitmask)$/.test(name)) return [['v128'], 'i32']
    if (/^(shl|shr_s|shr_u)$/.test(name)) return [['v128', 'i32'], 'v128']
    if (name === 'bitselect') return [['v128', 'v128', 'v128'], 'v128']
    const unary =
      /^(abs|neg|not|sqrt|ceil|floor|trunc|nearest|popcnt|extend_|extadd_|convert_|trunc_sat|demote_|promote_)/
    return [unary.test(name) ? ['v128'] : ['v128', 'v128'], 'v128']
  }
  const type = family as ValType
  const from = /_(i32|i64|f32|f64)(_[su])?$/.exec(name)
  if (from !== null) return [[from[1] as ValType], type]
  if (name === 'eqz') return [[type], 'i32']
  if (/^(clz|ctz|popcnt|abs|neg|ceil|floor|trunc|nearest|sqrt|extend\d+_s)$/.test(name)) return [[type], type]
  if (/^(eq|ne|lt|gt|le|ge)(_[su])?$/.test(name)) return [[type, type], 'i32']
  return [[type, type], type]
}

const numeric = (Object.keys({ ...plainOps, ...simdOps }) as PlainOp[]).filter(op => op.includes('.'))

describe('instructions', () => {
  test.each(numeric)('%s has the types that its name says', op => {
    const [operands, result] = typesOf(op)
    const module = new ModuleBuilder()
    const { code } = module.function([], [result])
    for (const type of operands) push(code, type)
    code.op(op)
    expect(WebAssembly.validate(module.encode())).toBe(true)
  })

  test.each(Object.keys(laneOps) as LaneOp[])('%s has the types that its name says', op => {
    const [family, name] = op.split('.') as [string, string]
    const module = new ModuleBuilder()
    const replace = name === 'replace_lane'
    const { code } = module.function([], [replace ? 'v128' : lanes[family]!])
    push(code, 'v128')
    if (replace) push(code, lanes[family]!)
    code.lane(op, 1)
    expect(WebAssembly.validate(module.encode())).toBe(true)
  })

  test.each(Object.keys(memoryOps) as MemoryOp[])('%s has the types that its name says', op => {
    const module = new ModuleBuilder().importMemory({ minPages: 1, maxPages: 1, shared: true })
    const type = op.startsWith('memory') ? 'i32' : (op.split('.')[0] as ValType)
    const store = op.includes('store')
    const { code } = module.function([], store ? [] : [type])
    push(code, 'i32')
    if (store) push(code, type)
    else if (op.includes('rmw') || op.includes('notify')) push(code, 'i32')
    if (op.includes('cmpxchg')) push(code, 'i32')
    if (op.includes('wait')) code.i32(0).i64(-1n)
    code.mem(op, 8)
    expect(WebAssembly.validate(module.encode())).toBe(true)
  })

  test.each(Object.keys(laneMemoryOps) as (keyof typeof laneMemoryOps)[])('%s encodes', op => {
    const module = new ModuleBuilder().importMemory({ minPages: 1 })
    const { code } = module.function([], op.includes('store') ? [] : ['v128'])
    push(code, 'i32')
    push(code, 'v128')
    code.laneMem(op, 1, 300)
    expect(WebAssembly.validate(module.encode())).toBe(true)
  })
})

describe('FunctionBuilder', () => {
  test('lanes of a vector computation come out', () => {
    const f = run(['f32', 'f32'], ['f32'], code => {
      const [a, b] = code.params as [(typeof code.params)[0], (typeof code.params)[0]]
      code.get(a).op('f32x4.splat').get(b).op('f32x4.splat').op('f32x4.div').lane('f32x4.extract_lane', 3)
    })
    expect(f(1, 3)).toBe(Math.fround(1 / 3))
  })

  test('loops, branches and locals count', () => {
    const f = run(['i32'], ['i32'], code => {
      const [n, sum] = [code.param(0), code.local('i32')]
      code.block(out => {
        code.loop(top => {
          code.get(n).op('i32.eqz').brIf(out)
          code.get(sum).get(n).op('i32.add').set(sum)
          code.increment(n, -1).br(top)
        })
      })
      code.get(sum)
    })
    expect(f(100)).toBe(5050)
  })

  test('an if with a result chooses', () => {
    const f = run(['i32'], ['f64'], code => {
      code.get(code.param(0)).if(
        () => code.f64(0.25),
        () => code.f64(-0),
        'f64',
      )
    })
    expect([f(1), f(0)]).toEqual([0.25, -0])
  })

  test('br_table branches by number', () => {
    const f = run(['i32'], ['i32'], code => {
      const r = code.local('i32')
      code.i32(9).set(r)
      code.block(end => {
        code.block(b => {
          code.block(a => {
            code.get(code.param(0)).brTable([a, b], end)
          })
          code.i32(10).set(r).br(end)
        })
        code.i32(11).set(r)
      })
      code.get(r)
    })
    expect([f(0), f(1), f(2), f(77)]).toEqual([10, 11, 9, 9])
  })

  test('a released local is used again, others are not', () => {
    const module = new ModuleBuilder()
    const { code } = module.function(['i32'])
    const a = code.local('v128')
    const b = code.local('v128')
    code.release(a)
    expect(code.local('f32').index).toBe(3)
    expect(code.local('v128').index).toBe(a.index)
    expect(b.index).not.toBe(a.index)
  })

  test('constants of any size come back', () => {
    for (const value of [0, 63, 64, -64, -65, 127, 128, 8191, 8192, -8193, 2 ** 31 - 1, -(2 ** 31), 1e9])
      expect(run([], ['i32'], code => void code.i32(value))()).toBe(value)
    for (const value of [0n, -1n, 2n ** 62n, -(2n ** 63n), 2n ** 63n - 1n])
      expect(run([], ['i64'], code => void code.i64(value))()).toBe(value)
    expect(run([], ['i32'], code => void code.i32(0xffffffff))()).toBe(-1)
  })

  test('a parameter that is not there is refused', () => {
    expect(() => new ModuleBuilder().function(['i32']).code.param(1)).toThrow(RangeError)
  })
})

describe('ModuleBuilder', () => {
  test('functions call each other, directly and through a table', () => {
    const module = new ModuleBuilder().importTable({ min: 1 })
    const type = module.type(['i32'], ['i32'])
    const double = module.function(['i32'], ['i32'])
    double.code.get(double.code.param(0)).i32(1).op('i32.shl')
    const main = module.function(['i32'], ['i32'])
    main.code.get(main.code.param(0)).call(double.index).i32(0).callIndirect(type)
    module.exportFunction('double', double.index).exportFunction('main', main.index)
    const table = new WebAssembly.Table({ element: 'anyfunc', initial: 1 })
    const instance = new WebAssembly.Instance(new WebAssembly.Module(module.encode()), { env: { table } })
    table.set(0, instance.exports.double)
    expect((instance.exports.main as (x: number) => number)(5)).toBe(20)
  })

  test('imported functions come first and are called', () => {
    const module = new ModuleBuilder()
    const seen = module.importFunction('env', 'seen', ['f32'])
    const main = module.function(['f32'])
    main.code.get(main.code.param(0)).call(seen)
    module.exportFunction('main', main.index)
    const values: number[] = []
    const env = { seen: (x: number) => values.push(x) }
    const instance = new WebAssembly.Instance(new WebAssembly.Module(module.encode()), { env })
    ;(instance.exports.main as (x: number) => void)(2.5)
    expect(values).toEqual([2.5])
    expect(() => module.importFunction('env', 'late', [])).toThrow('before functions')
  })

  test.each([false, true])('memory is read and written, shared: %s', shared => {
    const module = new ModuleBuilder().importMemory({ minPages: 1, maxPages: 2, shared })
    const main = module.function(['i32'])
    const at = main.code.param(0)
    main.code
      .get(at)
      .get(at)
      .mem('v128.load')
      .get(at)
      .mem('v128.load', 16)
      .op('f32x4.add')
      .mem('v128.store', 32)
    module.exportFunction('main', main.index)
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 2, shared })
    const data = new Float32Array(memory.buffer)
    data.set([1, 2, 3, 4, 10, 20, 30, 40], 16)
    const instance = new WebAssembly.Instance(new WebAssembly.Module(module.encode()), { env: { memory } })
    ;(instance.exports.main as (x: number) => void)(64)
    expect([...data.subarray(24, 28)]).toEqual([11, 22, 33, 44])
  })
})

describe('ByteWriter', () => {
  test('grows, and writes integers of variable length', () => {
    const out = new ByteWriter()
      .bytes(new Uint8Array(1000))
      .u32(624485)
      .s32(-123456)
      .u32(2 ** 32 - 1)
    expect([...out.finish().subarray(1000)]).toEqual([
      0xe5, 0x8e, 0x26, 0xc0, 0xbb, 0x78, 0xff, 0xff, 0xff, 0xff, 0x0f,
    ])
    expect(out.length).toBe(1011)
  })
})
