import { dtypeBytes, isFloat } from '@stint/graph'
import type { FunctionBuilder, Local } from '../asm/index.ts'
import type { PhaseBuilder } from '../design.ts'
import { partOf } from '../nest/loops.ts'
import { emitBlock } from './block.ts'
import { cap, forRange, locals, plus, times } from './emit.ts'
import { emitFlat } from './rows.ts'
import type { ScatterPlan } from './scatter.ts'

function pushIndices(b: PhaseBuilder, { indices, indicesAt }: ScatterPlan): void {
  if (indices === null) plus(b.f.get(b.workspace()), indicesAt)
  else plus(b.f.get(b.arg(indices.operand)), indices.offset)
}

function pushWork(b: PhaseBuilder, { shared, partBytes }: ScatterPlan): void {
  plus(times(b.f.get(b.workspace()).get(b.slot), partBytes).op('i32.add'), shared)
}

/**
 * Lists the updates of each row, in order: row r has `order[heads[r]]` to before `order[heads[r + 1]]`. One part does
 * it: it takes no longer than reading the indices twice.
 */
export function emitLists(b: PhaseBuilder, plan: ScatterPlan): void {
  const { f } = b
  const { rows, count, headsAt, orderAt } = plan
  const [heads, order, i, from, row, at, total] = locals(f, 7)
  const pushHead = (): FunctionBuilder => times(f.get(row), 4).get(heads).op('i32.add')
  const eachUpdate = (visit: () => void): void => {
    pushIndices(b, plan)
    f.set(from)
    forRange(f, i, count, () => {
      f.get(from)
        .mem('i32.load')
        .tee(row)
        .i32(rows)
        .op('i32.lt_u')
        .if(() => {
          pushHead().set(at)
          visit()
        })
      f.increment(from, 4)
    })
  }
  f.get(b.part)
    .op('i32.eqz')
    .if(() => {
      plus(f.get(b.workspace()), headsAt).set(heads)
      plus(f.get(b.workspace()), orderAt).set(order)
      f.get(heads)
        .i32(0)
        .i32(4 * (rows + 1))
        .memoryFill()
      eachUpdate(() => f.get(at).get(at).mem('i32.load', 4).i32(1).op('i32.add').mem('i32.store', 4))
      // heads[r + 1]: how many come before row r.
      f.i32(0).set(total)
      forRange(f, row, rows, () => {
        pushHead().set(at)
        f.get(total).get(at).mem('i32.load', 4)
        f.get(at).get(total).mem('i32.store', 4)
        f.op('i32.add').set(total)
      })
      // heads[r + 1] moves on with each update of row r, and so ends where row r + 1 begins.
      eachUpdate(() => {
        f.get(order)
        times(f.get(at).mem('i32.load', 4), 4).op('i32.add').get(i).mem('i32.store')
        f.get(at).get(at).mem('i32.load', 4).i32(1).op('i32.add').mem('i32.store', 4)
      })
    })
  f.release(heads, order, i, from, row, at, total)
}

/** Row by row: this part's share of the rows. */
export function emitScatterLists(b: PhaseBuilder, plan: ScatterPlan): void {
  const { f } = b
  const { rows, width, headsAt, orderAt, rowAt, stored, updates, type } = plan
  const rowBytes = width * dtypeBytes(type.dtype)
  const [row, at, end, work, from, index, start, length] = Array.from({ length: 8 }, () =>
    f.local('i32'),
  ) as [Local, Local, Local, Local, Local, Local, Local, Local]
  const [first, last] = partOf(f, b, rows)
  pushWork(b, plan)
  f.set(work)
  forRange(
    f,
    row,
    last,
    () => {
      clearSums(f, plan, work)
      plus(times(f.get(row), 4).get(b.workspace()).op('i32.add'), headsAt).set(at)
      const pushOrder = (offset: number): FunctionBuilder =>
        plus(times(f.get(at).mem('i32.load', offset), 4).get(b.workspace()).op('i32.add'), orderAt)
      pushOrder(4).set(end)
      pushOrder(0).set(at)
      forRange(
        f,
        index,
        end,
        () => {
          if (stored === null) {
            plus(f.get(work), rowAt).set(from)
            times(f.get(index).mem('i32.load'), width).set(start)
            f.i32(width).set(length)
            emitFlat(b, updates, start, length, width, from)
          } else {
            plus(f.get(b.arg(stored.operand)), stored.offset)
            times(f.get(index).mem('i32.load'), rowBytes).op('i32.add').set(from)
          }
          addRow(b, plan, work, from)
        },
        { from: at, step: 4 },
      )
      f.i32(1).set(length)
      finish(b, plan, work, row, length)
    },
    { from: first },
  )
  f.release(row, at, end, work, from, index, start, length, first, last)
}

/** Chunks of rows: this part's share of them, each in a pass over all indices. */
export function emitScatterScan(b: PhaseBuilder, plan: ScatterPlan): void {
  const { f } = b
  const { rows, chunk, count, width, sumBytes, stored, updatesAt, type } = plan
  const rowBytes = width * dtypeBytes(type.dtype)
  const [row, work, length, i, index, from, at, to] = locals(f, 8)
  const [first, last] = partOf(f, b, rows, chunk)
  pushWork(b, plan)
  f.set(work)
  forRange(
    f,
    row,
    last,
    () => {
      f.get(last).get(row).op('i32.sub').set(length)
      cap(f, length, chunk)
      clearSums(f, plan, work)
      pushIndices(b, plan)
      f.set(index)
      if (stored === null) plus(f.get(b.workspace()), updatesAt)
      else plus(f.get(b.arg(stored.operand)), stored.offset)
      f.set(from)
      forRange(f, i, count, () => {
        f.get(index)
          .mem('i32.load')
          .get(row)
          .op('i32.sub')
          .tee(at)
          .get(length)
          .op('i32.lt_u')
          .if(() => {
            times(f.get(at), width * sumBytes)
              .get(work)
              .op('i32.add')
              .set(to)
            addRow(b, plan, to, from)
          })
        f.increment(index, 4).increment(from, rowBytes)
      })
      finish(b, plan, work, row, length)
    },
    { from: first, step: chunk },
  )
  f.release(row, work, length, i, index, from, at, to, first, last)
}

function clearSums(f: FunctionBuilder, { chunk, width, sumBytes }: ScatterPlan, work: Local): void {
  f.get(work)
    .i32(0)
    .i32(chunk * width * sumBytes)
    .memoryFill()
}

/** Adds the update's row at `from` to the sums at `to`. */
function addRow(b: PhaseBuilder, { type: { dtype }, width }: ScatterPlan, to: Local, from: Local): void {
  const helper = b.helper(`add row ${dtype} ${width}`, ['i32', 'i32'], [], f => {
    const [sum, x] = f.params as [Local, Local]
    const [j, four] = [f.local('i32'), width - (width % 4)]
    if (dtype === 'f32' && four > 0)
      forRange(
        f,
        j,
        four,
        () => {
          for (const half of [0, 1]) {
            f.get(sum)
              .get(sum)
              .mem('v128.load', 16 * half)
            f.get(x)
              .mem('v128.load64_zero', 8 * half)
              .op('f64x2.promote_low_f32x4')
            f.op('f64x2.add').mem('v128.store', 16 * half)
          }
          f.increment(sum, 32).increment(x, 16)
        },
        { step: 4 },
      )
    const done = dtype === 'f32' ? four : 0
    if (done < width) forRange(f, j, width, () => addOne(f, dtype, sum, x), { from: done })
  })
  b.f.get(to).get(from).call(helper)
}

function addOne(f: FunctionBuilder, dtype: string, sum: Local, x: Local): void {
  f.get(sum)
  if (dtype === 'f32' || dtype === 'f64') {
    f.get(sum).mem('f64.load').get(x)
    if (dtype === 'f32') f.mem('f32.load').op('f64.promote_f32')
    else f.mem('f64.load')
    f.op('f64.add').mem('f64.store')
    f.increment(sum, 8).increment(x, dtype === 'f32' ? 4 : 8)
    return
  }
  f.get(sum).mem('i32.load').get(x)
  f.mem(dtype === 'u8' ? 'i32.load8_u' : 'i32.load')
    .op('i32.add')
    .mem('i32.store')
  f.increment(sum, 4).increment(x, dtype === 'u8' ? 1 : 4)
}

/** Rounds the sums of `length` rows from `row` on, and makes results of them. */
function finish(b: PhaseBuilder, plan: ScatterPlan, work: Local, row: Local, length: Local): void {
  const { f } = b
  const { type, width, result, firstResult, outAt, epilogue } = plan
  const { dtype } = type
  const bytes = dtypeBytes(dtype)
  const [to, at, end, from, zero] = locals(f, 5)
  if (result === null) plus(f.get(work), outAt).set(to)
  else
    times(f.get(b.arg(firstResult + result)).get(row), width * bytes)
      .op('i32.add')
      .set(to)
  times(f.get(length), width * bytes)
    .get(to)
    .op('i32.add')
    .set(end)
  f.get(work).set(from)
  forRange(
    f,
    at,
    end,
    () => {
      f.get(at).get(from)
      if (dtype === 'f32') f.mem('f64.load').op('f32.demote_f64').mem('f32.store')
      else if (dtype === 'f64') f.mem('f64.load').mem('f64.store')
      else f.mem('i32.load').mem(dtype === 'u8' ? 'i32.store8' : 'i32.store')
      f.increment(from, isFloat(dtype) ? 8 : 4)
    },
    { from: to, step: bytes },
  )
  if (result === null) {
    f.i32(0).set(zero)
    emitBlock(b, {
      grouped: epilogue,
      spans: [
        { start: row, count: length, unit: plan.chunk },
        { start: zero, count: width, unit: width },
      ],
      anchor: { at: to, strides: [width * bytes, bytes] },
      firstResult,
    })
  }
  f.release(to, at, end, from, zero)
}
