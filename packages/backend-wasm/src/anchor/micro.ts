import type { FunctionBuilder, Local, ModuleBuilder } from '../asm/index.ts'
import type { Lane } from './lane.ts'

/**
 * A register tile: `rows` rows of `vectors` vectors. All distances are in bytes and are constants of the code. The
 * left operand is read one element a row and step of k, the right one `vectors` neighbouring vectors a step.
 */
export interface Tile {
  readonly lane: Lane
  readonly rows: number
  readonly vectors: number
  /** From row to row, and from one k to the next, of the left operand. */
  readonly aRow: number
  readonly aStep: number
  /** From one k to the next of the right operand. */
  readonly bStep: number
  /** From row to row of the sums. */
  readonly cRow: number
  /** Multiply-add in one instruction, rounded once or twice. */
  readonly relaxed: boolean
}

/**
 * Adds a function (a, b, c, k, more) → (): sums of `k` ≥ 1 products in ascending order, from zero, for each element of
 * the tile; stored at `c`, or added to what is there if `more` is not 0.
 */
export function tileFunction(module: ModuleBuilder, tile: Tile): number {
  const { index, code: f } = module.function(['i32', 'i32', 'i32', 'i32', 'i32'])
  const [a, b, c, k, more] = f.params as [Local, Local, Local, Local, Local]
  const sums = zeros(f, tile)
  f.loop(next => {
    step(f, tile, sums, a, b)
    f.increment(a, tile.aStep).increment(b, tile.bStep)
    f.get(k).i32(1).op('i32.sub').tee(k).brIf(next)
  })
  f.get(more).if(
    () => storeSums(f, tile, sums, c, true),
    () => storeSums(f, tile, sums, c, false),
  )
  return index
}

/** A local for each vector of the tile, row by row; locals of a new function are zero. */
function zeros(f: FunctionBuilder, { rows, vectors }: Tile): Local[][] {
  return Array.from({ length: rows }, () => Array.from({ length: vectors }, () => f.local('v128')))
}

/** One k: the products of a column of the left operand with a row of the right one, added to the sums. */
function step(f: FunctionBuilder, tile: Tile, sums: readonly (readonly Local[])[], a: Local, b: Local): void {
  const { lane, aRow, relaxed } = tile
  const right = sums[0]!.map((_, j) => {
    const vector = f.local('v128')
    f.get(b)
      .mem('v128.load', 16 * j)
      .set(vector)
    return vector
  })
  const left = f.local('v128')
  for (const [i, row] of sums.entries()) {
    f.get(a)
      .mem(lane.splatLoad, i * aRow)
      .set(left)
    for (const [j, sum] of row.entries())
      if (relaxed) f.get(left).get(right[j]!).get(sum).op(lane.madd).set(sum)
      else f.get(sum).get(left).get(right[j]!).op(lane.mul).op(lane.add).set(sum)
  }
  f.release(left, ...right)
}

function storeSums(
  f: FunctionBuilder,
  { lane, cRow }: Tile,
  sums: readonly (readonly Local[])[],
  c: Local,
  add: boolean,
): void {
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
