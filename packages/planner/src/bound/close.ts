import type { DagTaskId } from '../dag/dag.ts'
import type { Effort } from '../effort.ts'
import { Ascender, type Ascent, type Cut } from './ascend.ts'
import type { Moment, Supposition } from './moment.ts'

interface Branch {
  readonly supposed: readonly Supposition[]
  readonly bound: number
  readonly price: number
  readonly fits: Cut | undefined
  readonly exceeds: Cut | undefined
}

/**
 * Closes the gap that a price on bytes leaves (few large values cannot be kept by halves): branch and bound, best first,
 * over whether a task that only one of the cuts around the best price repeats runs again. Until the effort is spent, the
 * least bound of what is open holds; then the cheapest that fits is the bound itself. Costs are multiples of `unit`.
 */
export function close(
  moment: Moment,
  task: DagTaskId,
  budget: number,
  unit: number,
  root: Ascent,
  effort: Effort,
): Pick<Ascent, 'bound' | 'fits'> {
  const { cost } = moment.facts.model
  const rounded = (bound: number): number => Math.ceil(bound / unit) * unit
  let best = root.fits
  const dearest = (): number => best?.cost ?? Number.POSITIVE_INFINITY
  const open: Branch[] = [
    { supposed: [], bound: root.bound, price: root.price, fits: root.fits, exceeds: root.exceeds },
  ]
  while (open.length > 0) {
    const at = open.reduce((k, b, i) => (b.bound < open[k]!.bound ? i : k), 0)
    const branch = open[at]!
    if (rounded(branch.bound) >= dearest()) break
    const split = effort.left > 0 ? splitter(branch, cost) : undefined
    if (split === undefined) return { bound: branch.bound, ...(best && { fits: best }) }
    open.splice(at, 1)
    for (const again of [true, false]) {
      const supposed = [...branch.supposed, { task: split, again }]
      moment.at(task, supposed)
      effort.left -= 4 * (moment.side.length + moment.charge.length)
      const { bound, price, fits, exceeds } = new Ascender(moment, budget, effort).ascend({
        price: branch.price,
      })
      if (fits !== undefined && fits.cost < dearest()) best = fits
      const least = Math.max(bound, branch.bound)
      if (rounded(least) < dearest()) open.push({ supposed, bound: least, price, fits, exceeds })
    }
  }
  return { bound: dearest(), ...(best && { fits: best }) }
}

/** The dearest task that one of the two cuts repeats and the other does not. */
function splitter({ fits, exceeds, supposed }: Branch, cost: Float64Array): DagTaskId | undefined {
  const [a, b] = [new Set(fits?.rerun), new Set(exceeds?.rerun)]
  const known = new Set(supposed.map(s => s.task))
  let best: DagTaskId | undefined
  for (const t of [...a, ...b])
    if (a.has(t) !== b.has(t) && !known.has(t) && (best === undefined || cost[t]! > cost[best]!)) best = t
  return best
}
