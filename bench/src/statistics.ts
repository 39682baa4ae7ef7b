/** Of times in ms; quantiles by nearest rank, as the peers take them. */
export interface Times {
  readonly medianMs: number
  readonly minMs: number
  readonly p90Ms: number
}

/** Throws RangeError where there is nothing to sum up. */
export function summarize(times: readonly number[]): Times {
  if (times.length === 0) throw new RangeError('no times')
  const sorted = [...times].sort((a, b) => a - b)
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!
  return { medianMs: at(0.5), minMs: at(0), p90Ms: at(0.9) }
}

/** Each to one part of `parts` of a ms. */
export function rounded({ medianMs, minMs, p90Ms }: Times, parts = 1000): Times {
  return { medianMs: round(medianMs, parts), minMs: round(minMs, parts), p90Ms: round(p90Ms, parts) }
}

/** To a thousandth, unless another part is given. */
export function round(x: number, parts = 1000): number {
  return Math.round(x * parts) / parts
}
