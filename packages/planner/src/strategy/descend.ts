import type { Random } from './random.ts'
import type { Search } from './search/search.ts'
import { large } from './size.ts'

export interface Limits {
  /** Most work, in runs. */
  readonly work: number
  readonly stop?: () => boolean
  /** Whether what is superfluous may stay where it got to `target` straight. */
  readonly hasty?: boolean
}

/**
 * Goes down to `target` live bytes, straight or in steps, with no superfluous drops; whether it got there. If not, the search is
 * left where it got lowest. Every second time in steps, nothing that is computed again is kept for others: that may get lower.
 */
export function descend(search: Search, target: number, random: Random, limits: Limits): boolean {
  const from = search.work
  const stop = (): boolean => limits.stop?.() === true || search.work - from > limits.work
  const start = search.save()
  if (search.repair(target, { stop })) {
    if (limits.hasty !== true) search.prune(target, undefined, { stop })
    return true
  }
  let lowest = { peak: search.peak, saved: search.save() }
  for (let tries = 0; tries < 4 && !stop(); tries++) {
    search.load(start)
    // Short steps find ways that one long one misses.
    let reached = true
    while (reached && search.peak > target) {
      const part = Math.max(target, Math.floor(search.peak * 0.95))
      reached = search.repair(part, { stop, lean: tries % 2 === 1, ...(tries > 0 && { random }) })
      if (reached) search.prune(part, undefined, { stop })
    }
    if (reached) return true
    if (search.peak < lowest.peak) lowest = { peak: search.peak, saved: search.save() }
  }
  search.load(lowest.saved)
  return false
}

/**
 * Goes down as far as it can, from where it gets to straight in large DAGs, in steps that become shorter where a longer one fails; at least one unit of alignment each.
 */
export function descendToFloor(search: Search, floor: number, random: Random, limits: Limits): void {
  const from = search.work
  const stop = (): boolean => limits.stop?.() === true || search.work - from > limits.work
  const { align } = search.model
  if (search.timeline.order.length > large) {
    // There, what is superfluous takes too long to find at every step.
    while (
      search.peak > floor &&
      search.repair(Math.max(floor, Math.floor(0.9 * search.peak)), { stop, lean: true })
    );
    search.prune(search.peak, undefined, { stop })
  }
  for (let share = 0.1, tries = 0; search.peak > floor && share > 0 && !stop(); ) {
    const target = Math.max(floor, Math.min(search.peak - align, Math.floor(search.peak * (1 - share))))
    const before = search.save()
    if (search.repair(target, { stop, lean: true, ...(tries > 0 && { random }) })) {
      search.prune(target, undefined, { stop })
      tries = 0
      continue
    }
    search.load(before)
    if (++tries < 3) continue
    if (target === search.peak - align) break
    tries = 0
    share = share < 8e-4 ? 0 : share / 4
  }
}
