import type { FunctionBuilder, Local } from '../asm/index.ts'
import type { PhaseBuilder } from '../design.ts'
import { locals } from './emit.ts'
import type { Lane } from './lane.ts'

/** Products that are summed up before their sum joins the result: a constant of the numerics. */
export const blockLength = 256

/**
 * A register tile: rows of `vectors` vectors each. All distances are in bytes and are constants of the code. The left
 * operand is read one element a row and step of k, the right one `vectors` neighbouring vectors a step.
 */
export interface Tile {
  readonly lane: Lane
  /** Where each row of the left operand begins, from the least of them on. */
  readonly aRows: readonly number[]
  /** From one k to the next of the left operand. */
  readonly aStep: number
  /** From tile to tile of the left operand. */
  readonly aNext: number
  readonly vectors: number
  /** From one k to the next of the right operand. */
  readonly bStep: number
  /** From row to row of the sums; tiles follow each other. */
  readonly cRow: number
}

const params = ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'] as const

/**
 * A helper (a, b, c, k, tiles, more) → (): for each element of `tiles` tiles, one below the other, the sum of at most
 * `most` products (and at least one): each block of them adds up in ascending order from zero, the blocks then in
 * order. The sums are stored at `c`, or added to what is there if `more` is not 0.
 */
export function tilesHelper(b: PhaseBuilder, tile: Tile, most: number, block: number = blockLength): number {
  const key = `tiles ${tileKey(tile)} ${b.relaxed}`
  const single = b.helper(key, params, [], f => tilesBody(f, tile, b.relaxed))
  if (most <= block) return single
  return b.helper(`${key} by ${block}`, params, [], f => blocksBody(f, tile, single, block))
}

function tileKey({ lane, aRows, aStep, aNext, vectors, bStep, cRow }: Tile): string {
  return `${lane.dtype} ${aRows.join(',')} ${aStep} ${aNext} ${vectors} ${bStep} ${cRow}`
}

/** The sums of one block, tile by tile: one function, as a call for each tile would take a tenth of the time of a short k. */
function tilesBody(f: FunctionBuilder, tile: Tile, relaxed: boolean): void {
  const [a, b, c, k, tiles, more] = f.params as [Local, Local, Local, Local, Local, Local]
  const [left, right, rest] = locals(f, 3)
  const sums = newSums(f, tile)
  f.loop(nextTile => {
    clearSums(f, sums)
    f.get(a).set(left).get(b).set(right).get(k).set(rest)
    f.loop(next => {
      addProducts(f, tile, sums, left, right, relaxed)
      f.increment(left, tile.aStep).increment(right, tile.bStep)
      f.get(rest).i32(1).op('i32.sub').tee(rest).brIf(next)
    })
    storeSums(f, tile, sums, c, more)
    f.increment(a, tile.aNext).increment(c, tile.aRows.length * tile.cRow)
    f.get(tiles).i32(1).op('i32.sub').tee(tiles).brIf(nextTile)
  })
}

/** Block by block, each for all tiles: what it reads on the right stays in the first cache. */
function blocksBody(f: FunctionBuilder, { aStep, bStep }: Tile, single: number, block: number): void {
  const [a, b, c, k, tiles, more] = f.params as [Local, Local, Local, Local, Local, Local]
  f.loop(next => {
    f.get(a).get(b).get(c)
    f.get(k).i32(block).get(k).i32(block).op('i32.lt_s').op('select')
    f.get(tiles).get(more).call(single)
    f.increment(a, aStep * block).increment(b, bStep * block)
    f.i32(1).set(more)
    f.get(k).i32(block).op('i32.sub').tee(k).i32(0).op('i32.gt_s').brIf(next)
  })
}

/** A local for each vector of a tile, row by row. */
export function newSums(f: FunctionBuilder, { aRows, vectors }: Pick<Tile, 'aRows' | 'vectors'>): Local[][] {
  return aRows.map(() => Array.from({ length: vectors }, () => f.local('v128')))
}

/** All sums become zero. */
export function clearSums(f: FunctionBuilder, sums: readonly (readonly Local[])[]): void {
  for (const sum of sums.flat()) f.f64x2(0).set(sum)
}

/**
 * One k: the products of a column of the left operand with a row of the right one, added to the sums. `a`: one pointer
 * for all rows, or one each.
 */
export function addProducts(
  f: FunctionBuilder,
  { lane, aRows }: Pick<Tile, 'lane' | 'aRows'>,
  sums: readonly (readonly Local[])[],
  a: Local | readonly Local[],
  b: Local,
  relaxed: boolean,
): void {
  // With one row each vector on the right is used once, and needs no register of its own.
  const right = aRows.length === 1 ? [] : sums[0]!.map(() => f.local('v128'))
  for (const [j, vector] of right.entries())
    f.get(b)
      .mem('v128.load', 16 * j)
      .set(vector)
  const left = f.local('v128')
  for (const [i, row] of sums.entries()) {
    f.get('index' in a ? a : a[i]!)
      .mem(lane.splatLoad, aRows[i]!)
      .set(left)
    for (const [j, sum] of row.entries()) {
      if (!relaxed) f.get(sum)
      f.get(left)
      if (right.length === 0) f.get(b).mem('v128.load', 16 * j)
      else f.get(right[j]!)
      if (relaxed) f.get(sum).op(lane.madd).set(sum)
      else f.op(lane.mul).op(lane.add).set(sum)
    }
  }
  f.release(left, ...right)
}

/** Stores the sums, or adds them to what is there. */
export function storeSums(
  f: FunctionBuilder,
  { lane, cRow }: Pick<Tile, 'lane' | 'cRow'>,
  sums: readonly (readonly Local[])[],
  c: Local,
  more: Local,
): void {
  const write = (add: boolean): void => {
    for (const [i, row] of sums.entries())
      for (const [j, sum] of row.entries()) {
        const at = i * cRow + 16 * j
        f.get(c)
        if (add) f.get(c).mem('v128.load', at)
        f.get(sum)
        if (add) f.op(lane.add)
        f.mem('v128.store', at)
      }
  }
  f.get(more).if(
    () => write(true),
    () => write(false),
  )
}
