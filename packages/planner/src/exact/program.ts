/** Σ factor · column + constant. */
export class Sum {
  readonly terms: Map<number, number> = new Map()
  constant = 0

  add(column: number | undefined, factor = 1): this {
    if (column !== undefined) this.terms.set(column, (this.terms.get(column) ?? 0) + factor)
    return this
  }

  plus(constant: number): this {
    this.constant += constant
    return this
  }

  addAll(other: Sum, factor = 1): this {
    for (const [column, by] of other.terms) this.add(column, factor * by)
    return this.plus(factor * other.constant)
  }
}

/** Rows and columns of a mixed-integer program, as they are added. */
export class Program {
  readonly #cost: number[] = []
  readonly #lower: number[] = []
  readonly #upper: number[] = []
  readonly #integer: number[] = []
  readonly #rowLower: number[] = []
  readonly #rowUpper: number[] = []
  readonly #start: number[] = [0]
  readonly #index: number[] = []
  readonly #value: number[] = []

  binary(cost = 0): number {
    return this.#column(cost, 0, 1, 1)
  }

  share(): number {
    return this.#column(0, 0, 1, 0)
  }

  amount(most: number): number {
    return this.#column(0, 0, most, 0)
  }

  atMost(most: number, sum: Sum): void {
    this.#row(Number.NEGATIVE_INFINITY, sum, most)
  }

  equals(value: number, sum: Sum): void {
    this.#row(value, sum, value)
  }

  /** Only solutions of at least this cost. */
  costsAtLeast(least: number): void {
    const sum = new Sum()
    for (const [column, cost] of this.#cost.entries()) sum.add(column, cost)
    this.#row(least, sum, Number.POSITIVE_INFINITY)
  }

  /** As HiGHS takes it. */
  data(infinity: number): unknown {
    const bound = (x: number): number => (Number.isFinite(x) ? x : Math.sign(x) * infinity)
    return {
      numCols: this.#cost.length,
      numRows: this.#rowLower.length,
      colCost: Float64Array.from(this.#cost),
      colLower: Float64Array.from(this.#lower),
      colUpper: Float64Array.from(this.#upper),
      rowLower: Float64Array.from(this.#rowLower, bound),
      rowUpper: Float64Array.from(this.#rowUpper, bound),
      integrality: Int32Array.from(this.#integer),
      matrix: {
        format: 'csr',
        numRows: this.#rowLower.length,
        numCols: this.#cost.length,
        starts: Int32Array.from(this.#start),
        indices: Int32Array.from(this.#index),
        values: Float64Array.from(this.#value),
      },
    }
  }

  #row(lower: number, { terms, constant }: Sum, upper: number): void {
    for (const [column, factor] of terms) {
      if (factor === 0) continue
      this.#index.push(column)
      this.#value.push(factor)
    }
    this.#start.push(this.#index.length)
    this.#rowLower.push(lower - constant)
    this.#rowUpper.push(upper - constant)
  }

  #column(cost: number, lower: number, upper: number, integer: number): number {
    this.#lower.push(lower)
    this.#upper.push(upper)
    this.#integer.push(integer)
    return this.#cost.push(cost) - 1
  }
}
