import { ByteWriter } from './bytes.ts'
import {
  type LaneMemoryOp,
  type LaneOp,
  laneMemoryOps,
  laneOps,
  type MemoryOp,
  memoryOps,
  type PlainOp,
  simpleOps,
} from './opcodes.ts'

export type ValType = 'i32' | 'i64' | 'f32' | 'f64' | 'v128'

export const valTypes: { readonly [type in ValType]: number } = {
  i32: 0x7f,
  i64: 0x7e,
  f32: 0x7d,
  f64: 0x7c,
  v128: 0x7b,
}

/** A parameter or local variable: its index and type. */
export interface Local {
  readonly index: number
  readonly type: ValType
}

/** Where a branch may lead: the end of a block or `if`, the start of a loop. */
export interface Label {
  readonly depth: number
}

/** Parameters and results of a function. */
export interface Signature {
  readonly params: readonly ValType[]
  readonly results: readonly ValType[]
}

/**
 * Writes the body of one function as a stack machine: each method appends an instruction and returns the builder, so
 * that `f.get(x).get(y).op('f32x4.add').set(z)` reads as the text format does. Loads and stores take their address
 * from the stack (stores: address first, then the value).
 */
export class FunctionBuilder {
  readonly signature: Signature
  readonly params: readonly Local[]
  #code: ByteWriter = new ByteWriter()
  readonly #constants: ByteWriter = new ByteWriter()
  readonly #start: ByteWriter = new ByteWriter()
  readonly #kept = new Map<string, Local>()
  readonly #locals: ValType[] = []
  readonly #free = new Map<ValType, Local[]>()
  #depth = 0

  constructor(signature: Signature) {
    this.signature = signature
    this.params = signature.params.map((type, index) => ({ index, type }))
  }

  /** Parameter `index`. Throws RangeError if there is none. */
  param(index: number): Local {
    const param = this.params[index]
    if (param === undefined) throw new RangeError(`no parameter ${index}`)
    return param
  }

  /** A local variable that nothing else uses until it is released; it holds whatever was left in it. */
  local(type: ValType): Local {
    const free = this.#free.get(type)?.pop()
    if (free !== undefined) return free
    return this.ownLocal(type)
  }

  /** Gives a local variable back, for a later `local` of its type. */
  release(...locals: readonly Local[]): this {
    for (const local of locals) {
      const free = this.#free.get(local.type)
      if (free === undefined) this.#free.set(local.type, [local])
      else free.push(local)
    }
    return this
  }

  /** A local variable that has never been used and never will be by others: do not release it. */
  ownLocal(type: ValType): Local {
    const local = { index: this.params.length + this.#locals.length, type }
    this.#locals.push(type)
    return local
  }

  /** What `body` emits runs at the start of the function, before the code outside such bodies. */
  atStart(body: () => void): this {
    return this.#into(this.#start, body)
  }

  /**
   * A local set once at the very start of the function, the same for equal keys; never to be released or set. `value`
   * pushes it, from constants and parameters alone.
   */
  kept(key: string, type: ValType, value: () => void): Local {
    const known = this.#kept.get(key)
    if (known !== undefined) return known
    const local = this.ownLocal(type)
    this.#into(this.#constants, () => {
      value()
      this.set(local)
    })
    this.#kept.set(key, local)
    return local
  }

  get(local: Local): this {
    return this.#byte(0x20).#u32(local.index)
  }

  set(local: Local): this {
    return this.#byte(0x21).#u32(local.index)
  }

  tee(local: Local): this {
    return this.#byte(0x22).#u32(local.index)
  }

  /** A constant i32: signed, or unsigned below 2^32. */
  i32(value: number): this {
    this.#byte(0x41).#code.s32(value)
    return this
  }

  i64(value: bigint): this {
    this.#byte(0x42).#code.s64(value)
    return this
  }

  f32(value: number): this {
    this.#byte(0x43).#code.f32(value)
    return this
  }

  f64(value: number): this {
    this.#byte(0x44).#code.f64(value)
    return this
  }

  /** A constant of 16 bytes. */
  v128(bytes: ArrayLike<number>): this {
    if (bytes.length !== 16) throw new RangeError(`v128.const takes 16 bytes, got ${bytes.length}`)
    this.#opcode(0xfd000c)
    this.#code.bytes(bytes)
    return this
  }

  /** The same f32 in four lanes. */
  f32x4(value: number): this {
    return this.v128(new Uint8Array(new Float32Array(4).fill(value).buffer))
  }

  /** The same f64 in two lanes. */
  f64x2(value: number): this {
    return this.v128(new Uint8Array(new Float64Array(2).fill(value).buffer))
  }

  /** The same 32 bits in four lanes. */
  i32x4(value: number): this {
    return this.v128(new Uint8Array(new Int32Array(4).fill(value).buffer))
  }

  /** The same 64 bits in two lanes. */
  i64x2(value: bigint): this {
    return this.v128(new Uint8Array(new BigInt64Array(2).fill(value).buffer))
  }

  /** An instruction without immediates, by its name in the text format. */
  op(op: PlainOp): this {
    return this.#opcode(simpleOps[op])
  }

  /** An instruction on lane `lane`. */
  lane(op: LaneOp, lane: number): this {
    this.#opcode(laneOps[op])
    return this.#byte(lane)
  }

  /** Bytes picked from two vectors: 0 to 15 of the first, 16 to 31 of the second. */
  shuffle(bytes: ArrayLike<number>): this {
    if (bytes.length !== 16) throw new RangeError(`shuffle takes 16 bytes, got ${bytes.length}`)
    this.#opcode(0xfd000d)
    this.#code.bytes(bytes)
    return this
  }

  /** `shuffle` of whole 32-bit lanes: 0 to 3 of the first vector, 4 to 7 of the second. */
  shuffle32(lanes: readonly [number, number, number, number]): this {
    return this.shuffle(lanes.flatMap(lane => [4 * lane, 4 * lane + 1, 4 * lane + 2, 4 * lane + 3]))
  }

  /** A load or store at the address on the stack plus `offset` bytes. `align` is a promise: log2 of bytes. */
  mem(op: MemoryOp, offset = 0, align: number = atomicAlign(op)): this {
    this.#opcode(memoryOps[op])
    return this.#u32(align).#u32(offset)
  }

  laneMem(op: LaneMemoryOp, lane: number, offset = 0): this {
    this.#opcode(laneMemoryOps[op])
    return this.#u32(0).#u32(offset).#byte(lane)
  }

  /** Copies bytes: destination, source and length on the stack. The ranges may overlap. */
  memoryCopy(): this {
    return this.#opcode(0xfc000a).#byte(0).#byte(0)
  }

  /** Fills bytes: destination, value and length on the stack. */
  memoryFill(): this {
    return this.#opcode(0xfc000b).#byte(0)
  }

  /** A block; a branch to its label leaves it. */
  block(body: (label: Label) => void, result?: ValType): this {
    return this.#structured(0x02, body, result)
  }

  /** A loop; a branch to its label starts the next turn, falling through leaves it. */
  loop(body: (label: Label) => void, result?: ValType): this {
    return this.#structured(0x03, body, result)
  }

  /** Takes an i32 from the stack. */
  if(then: (label: Label) => void, otherwise?: (label: Label) => void, result?: ValType): this {
    this.#byte(0x04).#byte(result === undefined ? 0x40 : valTypes[result])
    const label = { depth: ++this.#depth }
    then(label)
    if (otherwise !== undefined) {
      this.#byte(0x05)
      otherwise(label)
    }
    this.#depth -= 1
    return this.#byte(0x0b)
  }

  br(label: Label): this {
    return this.#byte(0x0c).#u32(this.#depth - label.depth)
  }

  /** Branches if the i32 on the stack is not zero. */
  brIf(label: Label): this {
    return this.#byte(0x0d).#u32(this.#depth - label.depth)
  }

  /** Branches to `labels[i]` for the i32 i on the stack, to `otherwise` beyond them. */
  brTable(labels: readonly Label[], otherwise: Label): this {
    this.#byte(0x0e).#u32(labels.length)
    for (const label of [...labels, otherwise]) this.#u32(this.#depth - label.depth)
    return this
  }

  /** Calls the function of that index (from `ModuleBuilder`). */
  call(index: number): this {
    return this.#byte(0x10).#u32(index)
  }

  /** Calls the entry of table 0 on top of the stack; `type` comes from `ModuleBuilder.type`. */
  callIndirect(type: number): this {
    return this.#byte(0x11).#u32(type).#u32(0)
  }

  /** local += the constant. */
  increment(local: Local, by: number): this {
    return by === 0 ? this : this.get(local).i32(by).op('i32.add').set(local)
  }

  /** Body of the function as the code section has it: declarations of locals, instructions, end. */
  encode(): Uint8Array {
    const runs: [type: ValType, count: number][] = []
    for (const type of this.#locals) {
      const last = runs[runs.length - 1]
      if (last?.[0] === type) last[1] += 1
      else runs.push([type, 1])
    }
    const out = new ByteWriter().u32(runs.length)
    for (const [type, count] of runs) out.u32(count).byte(valTypes[type])
    for (const part of [this.#constants, this.#start, this.#code]) out.bytes(part.finish())
    return out.byte(0x0b).finish()
  }

  #structured(opcode: number, body: (label: Label) => void, result?: ValType): this {
    this.#byte(opcode).#byte(result === undefined ? 0x40 : valTypes[result])
    body({ depth: ++this.#depth })
    this.#depth -= 1
    return this.#byte(0x0b)
  }

  #into(part: ByteWriter, body: () => void): this {
    const [code, depth] = [this.#code, this.#depth]
    this.#code = part
    this.#depth = 0
    body()
    this.#code = code
    this.#depth = depth
    return this
  }

  #opcode(code: number): this {
    if (code < 0x100) return this.#byte(code)
    return this.#byte(code >>> 16).#u32(code & 0xffff)
  }

  #byte(value: number): this {
    this.#code.byte(value)
    return this
  }

  #u32(value: number): this {
    this.#code.u32(value)
    return this
  }
}

/** Atomic accesses must state their natural alignment; the others promise nothing. */
function atomicAlign(op: MemoryOp): number {
  return op.includes('atomic') ? 2 : 0
}
