import { type Builder, concat, full, type Shape, type Site, type Value, type ValueId } from '@stint/graph'

/** What a slice of a value adds to its cotangent: `ct` from `start` on. */
interface Piece {
  readonly start: readonly number[]
  readonly ct: Value
}

/**
 * Cotangents while they are summed. What comes through slices is kept as pieces until the sum is asked for: slices side
 * by side (the gates of a cell, the steps of a sequence) then make one concatenation, where padding each to the whole
 * would cost as many passes over it as there are slices.
 */
export class Sums {
  readonly #builder: Builder
  readonly #whole = new Map<ValueId, Value>()
  readonly #pieces = new Map<ValueId, { readonly site: Site | undefined; readonly list: Piece[] }>()

  constructor(builder: Builder) {
    this.#builder = builder
  }

  has(id: ValueId): boolean {
    return this.#whole.has(id) || this.#pieces.has(id)
  }

  /** The sum, or undefined where nothing was added. */
  get(id: ValueId): Value | undefined {
    const pieces = this.#pieces.get(id)
    if (pieces !== undefined) {
      this.#pieces.delete(id)
      const { shape } = this.#builder.values[id]!
      this.#builder.withSite(pieces.site, () => {
        for (const ct of joined(shape, pieces.list)) this.add(id, ct)
      })
    }
    return this.#whole.get(id)
  }

  add(id: ValueId, ct: Value): void {
    const sum = this.#whole.get(id)
    this.#whole.set(id, sum === undefined ? ct : sum.add(ct))
  }

  /** Adds to the elements of a value from `start` on. The nodes that join pieces carry the site of the last slice. */
  addPiece(id: ValueId, start: readonly number[], ct: Value, site: Site | undefined): void {
    const known = this.#pieces.get(id)
    if (known === undefined) this.#pieces.set(id, { site, list: [{ start, ct }] })
    else known.list.push({ start, ct })
  }
}

/** Values of the whole shape whose sum is that of the pieces. */
function joined(shape: Shape, pieces: readonly Piece[]): Value[] {
  const rows = new Map<number, Piece[]>()
  const rest: Value[] = []
  for (const piece of pieces) {
    const cut = shape.flatMap((d, a) => (piece.ct.shape[a] === d ? [] : [a]))
    const [axis] = cut
    if (axis === undefined || cut.length > 1) {
      rest.push(padded(shape, piece))
      continue
    }
    const known = rows.get(axis)
    if (known === undefined) rows.set(axis, [piece])
    else known.push(piece)
  }
  return [...rest, ...[...rows].flatMap(([axis, list]) => row(shape, axis, list))]
}

/** Pieces that are whole but for `axis`: side by side where they do not overlap. */
function row(shape: Shape, axis: number, pieces: readonly Piece[]): Value[] {
  const inOrder = [...pieces].sort((a, b) => a.start[axis]! - b.start[axis]!)
  const parts: Value[] = []
  const others: Value[] = []
  let end = 0
  const fill = (to: number): void => {
    if (to > end)
      parts.push(
        full(
          0,
          pieces[0]!.ct.dtype,
          shape.map((d, a) => (a === axis ? to - end : d)),
        ),
      )
  }
  for (const piece of inOrder) {
    const start = piece.start[axis]!
    if (start < end) {
      others.push(padded(shape, piece))
      continue
    }
    fill(start)
    parts.push(piece.ct)
    end = start + piece.ct.shape[axis]!
  }
  if (inOrder.length - others.length === 1) return pieces.map(piece => padded(shape, piece))
  fill(shape[axis]!)
  return [concat(parts, axis), ...others]
}

function padded(shape: Shape, { start, ct }: Piece): Value {
  return ct.pad(
    start,
    shape.map((d, a) => d - start[a]! - ct.shape[a]!),
  )
}
