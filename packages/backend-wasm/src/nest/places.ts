import type { Affine, Guard } from '@stint/engine'
import type { DType } from '@stint/graph'
import type { FunctionBuilder, Local } from '../asm/index.ts'
import type { NestCode } from './code.ts'
import type { Place } from './memory.ts'

/** Where the elements of a load lie: byte address of element 0, and bytes from index to index of each axis. */
export interface Access {
  readonly base: () => Local
  readonly offset: number
  readonly strides: readonly number[]
  readonly dtype: DType
  readonly guards: readonly Guard[]
}

/** A place in the code: which indices are known, in locals, and the addresses of loads as far as these determine them. */
export class Places {
  readonly code: NestCode
  readonly parent: Places | null
  readonly bound: number
  readonly #bindings: ReadonlyMap<number, Local>
  readonly #addresses = new Map<number, Local>()
  readonly #temps: Local[] = []

  constructor(code: NestCode, parent: Places | null, bindings: ReadonlyMap<number, Local>) {
    this.code = code
    this.parent = parent
    this.#bindings = bindings
    this.bound = [...bindings.keys()].reduce((bits, axis) => bits | (1 << axis), parent?.bound ?? 0)
  }

  /** The same indices, and no addresses yet: for code that runs in its own branch. */
  branch(): Places {
    return new Places(this.code, this.parent, this.#bindings)
  }

  bind(bindings: ReadonlyMap<number, Local>): Places {
    return new Places(this.code, this, bindings)
  }

  index(axis: number): Local | undefined {
    return this.#bindings.get(axis) ?? this.parent?.index(axis)
  }

  /** Computes the addresses that the expressions need, as far as they are known here, into locals. */
  locate(exprs: readonly number[]): void {
    const same = new Map<string, Local>()
    for (const e of exprs) {
      const access = this.code.accesses[e]
      if (access === undefined || this.#addresses.has(e)) continue
      const axes = this.#movedBy(access.strides)
      if (this.parent !== null && axes.length === 0) continue
      const from = this.parent?.address(e) ?? null
      const key = `${from?.index ?? access.base().index} ${from === null ? access.offset : ''} ${axes.map(a => `${a}:${access.strides[a]}`).join(' ')}`
      let address = same.get(key)
      if (address === undefined) {
        address = this.#compute(access, axes, from)
        same.set(key, address)
      }
      this.#addresses.set(e, address)
    }
  }

  /** Address of a load without the terms of axes that are not bound here. */
  address(e: number): Local {
    const own = this.#addresses.get(e)
    if (own !== undefined) return own
    if (this.parent !== null) return this.parent.address(e)
    throw new Error(`no address for expression ${e}`)
  }

  /** Pushes the value of an affine form, `along` being the index of the vector axis if it is not bound, `ahead` more. */
  pushAffine({ offset, coefs }: Affine, ahead = 0, along?: Local): void {
    const { f, axis } = this.code
    const start = offset + (axis >= 0 ? ahead * coefs[axis]! : 0)
    f.i32(start)
    for (const [a, c] of coefs.entries()) {
      if (c === 0 || this.code.domain[a] === 1) continue
      const index = this.index(a) ?? (a === axis ? along : undefined)
      if (index === undefined) throw new Error(`axis ${a} is not known here`)
      f.get(index)
      if (c !== 1) f.i32(c).op('i32.mul')
      f.op('i32.add')
    }
  }

  release(): void {
    this.code.f.release(...this.#temps)
  }

  /** Bound axes, other than the vector axis in its own scope, along which the address moves. */
  #movedBy(strides: readonly number[]): number[] {
    return [...this.#bindings.keys()].filter(a => strides[a] !== 0 && this.code.domain[a] !== 1)
  }

  #compute({ base, offset, strides }: Access, axes: readonly number[], from: Local | null): Local {
    const { f } = this.code
    if (from === null && offset === 0 && axes.length === 0) return base()
    f.get(from ?? base())
    if (from === null && offset !== 0) f.i32(offset).op('i32.add')
    for (const a of axes) f.get(this.#bindings.get(a)!).i32(strides[a]!).op('i32.mul').op('i32.add')
    const local = f.local('i32')
    f.set(local)
    this.#temps.push(local)
    return local
  }
}

/** The place of vectors `ahead` elements behind `index`, `step` bytes an element, from a row's address. */
export function placeAt(
  f: FunctionBuilder,
  address: Local,
  step: number,
  index: Local | undefined,
  ahead: number,
): Place {
  const offset = ahead * step
  const push = (): void => {
    f.get(address)
    if (step === 0 || index === undefined) return
    f.get(index)
    const shift = Math.log2(step)
    if (Number.isInteger(shift)) {
      if (shift > 0) f.i32(shift).op('i32.shl')
    } else f.i32(step).op('i32.mul')
    f.op('i32.add')
    if (offset < 0) f.i32(offset).op('i32.add')
  }
  return { push, offset: Math.max(0, offset), step }
}
