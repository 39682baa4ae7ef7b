import { math, StintError } from '@stint/graph'

/** The learning rate of step 0, 1, 2 …: a plain function, evaluated outside the program and fed to it. */
export type Schedule = (step: number) => number

/** The same rate throughout. */
export function constant(rate: number): Schedule {
  return () => rate
}

/**
 * Cosine annealing (Loshchilov & Hutter 2017): from `rate` at step 0 to `floor` at step `steps`, after `warmup` steps of
 * linear rise from rate / warmup.
 */
export function cosine(
  rate: number,
  steps: number,
  options: { floor?: number; warmup?: number } = {},
): Schedule {
  const { floor = 0, warmup = 0 } = options
  positive('steps', steps)
  return step => {
    if (step < warmup) return (rate * (step + 1)) / warmup
    const t = Math.min(1, (step - warmup) / Math.max(1, steps - warmup))
    return floor + ((rate - floor) * (1 + math.cos(Math.PI * t))) / 2
  }
}

/**
 * One cycle (Smith & Topin 2019), as in PyTorch with cosine annealing: rises from peak / `start` over the first `rise`
 * share of the steps, then falls to peak / start / `end`.
 */
export function oneCycle(
  peak: number,
  steps: number,
  options: { rise?: number; start?: number; end?: number } = {},
): Schedule {
  const { rise = 0.3, start = 25, end = 1e4 } = options
  positive('steps', steps)
  const first = peak / start
  const last = first / end
  const top = rise * steps - 1
  const anneal = (from: number, to: number, t: number): number =>
    to + ((from - to) / 2) * (1 + math.cos(Math.PI * t))
  return step => {
    const at = Math.min(step, steps - 1)
    if (at <= top) return anneal(first, peak, top <= 0 ? 1 : at / top)
    return anneal(peak, last, (at - top) / (steps - 1 - top))
  }
}

function positive(name: string, x: number): void {
  if (!(x > 0))
    throw new StintError('ATTR', `${name} must be positive`, { expected: 'a number above 0', got: String(x) })
}
