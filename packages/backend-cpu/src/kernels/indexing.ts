import { type Attrs, dtypeBytes, isFloat, sizeOf, type Type, type TypedArray } from '@stint/graph'
import type { Memory } from '../memory.ts'
import type { CoreOf } from './anchor.ts'
import type { Core, CoreRun } from './core.ts'
import type { SourceType } from './source.ts'

/** Bytes of rows that pass through the workspace at a time, and of sums where their number is ours to choose. */
const rowBytes = 16384

/** `x [V, ...R]`, `idx [...I]` → `[...I, ...R]`; an index outside gives zeros. */
export const gatherCore: CoreOf = {
  make([x, idx], result) {
    const [rows, ...rest] = (x as Type).shape as [number, ...number[]]
    const width = sizeOf(rest)
    const bytes = dtypeBytes(result.dtype)
    const core: Core = {
      items: sizeOf((idx as Type).shape),
      chunk: Math.max(1, Math.floor(rowBytes / Math.max(1, bytes * width))),
      sourceUnits: [0, 1],
      resultUnit: width,
      workspaceBytes: 0,
      compile: memory => new GatherRun(memory, memory.view(result.dtype), rows, width),
    }
    return core
  },
}

class GatherRun implements CoreRun {
  readonly #indices: Int32Array
  readonly #view: TypedArray
  readonly #rows: number
  readonly #width: number

  constructor(memory: Memory, view: TypedArray, rows: number, width: number) {
    this.#indices = memory.i32
    this.#view = view
    this.#rows = rows
    this.#width = width
  }

  run(from: number, to: number, places: readonly number[]): void {
    const view = this.#view
    const width = this.#width
    const bytes = view.BYTES_PER_ELEMENT
    const x = (places[0]! / bytes) | 0
    const indices = (places[1]! / 4) | 0
    const out = (places[2]! / bytes) | 0
    for (let i = from; i < to; i++) {
      const row = this.#indices[indices + i]!
      const at = out + i * width
      if (row < 0 || row >= this.#rows) view.fill(0, at, at + width)
      else if (width > 16) view.copyWithin(at, x + row * width, x + (row + 1) * width)
      else for (let j = 0; j < width; j++) view[at + j] = view[x + row * width + j]!
    }
  }
}

/**
 * `idx [...I]`, `updates [...I, ...R]` → `[rows, ...R]`. Sums are f64 in the workspace: for all columns at once where the
 * updates pass through the workspace, otherwise for as many columns as fit.
 */
export const scatterAddCore: CoreOf<Attrs & { readonly rows: number }> = {
  make([idx, updates], result, { rows }) {
    const width = sizeOf(result.shape.slice(1))
    const { dtype, stored } = updates as SourceType
    const fits = Math.max(1, Math.floor(rowBytes / Math.max(1, 8 * rows)))
    const columns = Math.max(1, stored !== null ? Math.min(width, fits) : width)
    const core: Core = {
      items: sizeOf((idx as Type).shape),
      chunk: Math.max(1, Math.floor(rowBytes / Math.max(1, dtypeBytes(dtype) * width))),
      sourceUnits: [0, stored !== null ? 0 : width],
      resultUnit: 0,
      workspaceBytes: 8 * rows * columns,
      compile: memory =>
        new ScatterAddRun(memory, memory.view(dtype), isFloat(dtype), {
          items: sizeOf((idx as Type).shape),
          rows,
          width,
          columns,
        }),
    }
    return core
  },
}

interface ScatterSizes {
  readonly items: number
  readonly rows: number
  readonly width: number
  /** Columns that are summed at a time. */
  readonly columns: number
}

class ScatterAddRun implements CoreRun {
  readonly #memory: Memory
  readonly #view: TypedArray
  readonly #float: boolean
  readonly #sizes: ScatterSizes

  constructor(memory: Memory, view: TypedArray, float: boolean, sizes: ScatterSizes) {
    this.#memory = memory
    this.#view = view
    this.#float = float
    this.#sizes = sizes
  }

  run(from: number, to: number, places: readonly number[], workspace: number): void {
    const { items, rows, width, columns } = this.#sizes
    const bytes = this.#view.BYTES_PER_ELEMENT
    const updates = (places[1]! / bytes) | 0
    const out = (places[2]! / bytes) | 0
    const sums = (workspace / 8) | 0
    for (let first = 0; first < width; first += columns) {
      const some = Math.min(columns, width - first)
      if (from === 0) this.#memory.f64.fill(0, sums, sums + rows * some)
      this.#add(from, to, (places[0]! / 4) | 0, updates + first, sums, some)
      if (to === items) this.#write(out + first, sums, some)
    }
  }

  #add(from: number, to: number, indices: number, updates: number, sums: number, columns: number): void {
    const { rows, width } = this.#sizes
    const { i32, f64 } = this.#memory
    const view = this.#view
    for (let i = from; i < to; i++) {
      const row = i32[indices + i]!
      if (row < 0 || row >= rows) continue
      const at = sums + row * columns
      const update = updates + i * width
      if (this.#float) for (let j = 0; j < columns; j++) f64[at + j] = f64[at + j]! + view[update + j]!
      else for (let j = 0; j < columns; j++) f64[at + j] = (f64[at + j]! + view[update + j]!) | 0
    }
  }

  #write(out: number, sums: number, columns: number): void {
    const { rows, width } = this.#sizes
    const { f64 } = this.#memory
    for (let row = 0; row < rows; row++)
      for (let j = 0; j < columns; j++) this.#view[out + row * width + j] = f64[sums + row * columns + j]!
  }
}
