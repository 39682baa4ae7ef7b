import type { Affine, Guard } from '@stint/engine'
import type { Shape } from '@stint/graph'

/** Least and greatest value. */
type Interval = readonly [least: number, greatest: number]

/** What is known of the indices at a place in the code: bounds of linear forms, and so which guards hold. */
export class Facts {
  readonly #domain: Shape
  readonly #bounds: ReadonlyMap<string, Interval>

  /** Bounds over the whole domain, as they are found. */
  readonly #ranges: Map<string, Interval>

  constructor(
    domain: Shape,
    bounds: ReadonlyMap<string, Interval> = new Map(),
    ranges: Map<string, Interval> = new Map(),
  ) {
    this.#domain = domain
    this.#bounds = bounds
    this.#ranges = ranges
  }

  /** True or false if the guard holds everywhere or nowhere, else undefined. */
  holds({ at, low, high }: Guard): boolean | undefined {
    const [least, greatest] = this.interval(at)
    if (least > greatest) return false
    if (least >= low && greatest < high) return true
    return greatest < low || least >= high ? false : undefined
  }

  /** True if all hold, false if one fails everywhere, else undefined. */
  all(guards: readonly Guard[]): boolean | undefined {
    let result: boolean | undefined = true
    for (const guard of guards) {
      const holds = this.holds(guard)
      if (holds === false) return false
      if (holds === undefined) result = undefined
    }
    return result
  }

  /** With `least ≤ at ≤ greatest` known as well. */
  with(at: Affine, least: number, greatest: number): Facts {
    const [low, high] = this.interval(at)
    const bounds = new Map(this.#bounds)
    bounds.set(keyOf(at), [Math.max(low, least) - at.offset, Math.min(high, greatest) - at.offset])
    return new Facts(this.#domain, bounds, this.#ranges)
  }

  interval(at: Affine): Interval {
    const key = keyOf(at)
    let bounds = this.#bounds.get(key) ?? this.#ranges.get(key)
    if (bounds === undefined) {
      bounds = this.#range(at)
      this.#ranges.set(key, bounds)
    }
    return [bounds[0] + at.offset, bounds[1] + at.offset]
  }

  /** Over the whole domain, without the offset. */
  #range({ coefs }: Affine): Interval {
    let [least, greatest] = [0, 0]
    for (const [axis, c] of coefs.entries()) {
      const reach = c * (this.#domain[axis]! - 1)
      if (reach < 0) least += reach
      else greatest += reach
    }
    return [least, greatest]
  }
}

/** Keys of forms: they are asked for again and again. */
const keys = new WeakMap<Affine, string>()

function keyOf(at: Affine): string {
  let key = keys.get(at)
  if (key === undefined) {
    key = at.coefs.join(',')
    keys.set(at, key)
  }
  return key
}
