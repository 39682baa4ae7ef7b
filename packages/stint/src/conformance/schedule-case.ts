import { cosine, oneCycle, type Schedule } from '@stint/nn'
import type { Case } from './case.ts'
import type { Found } from './compare.ts'
import { type Context, Unsupported } from './context.ts'

interface Rates {
  readonly base_lr: number
}

const schedules: { readonly [op: string]: (attrs: never) => Schedule } = {
  cosine_lr: (a: Rates & { T_max: number; eta_min: number }) =>
    cosine(a.base_lr, a.T_max, { floor: a.eta_min }),
  warmup_cosine_lr: (a: Rates & { warmup: number; total: number; min_factor: number }) =>
    cosine(a.base_lr, a.total, { warmup: a.warmup, floor: a.min_factor * a.base_lr }),
  one_cycle_lr: (a: OneCycle) =>
    oneCycle(a.max_lr, a.total_steps, { rise: a.pct_start, start: a.div_factor, end: a.final_div_factor }),
}

interface OneCycle {
  readonly max_lr: number
  readonly total_steps: number
  readonly pct_start: number
  readonly div_factor: number
  readonly final_div_factor: number
}

/** The rate of every step, which is computed outside of programs. */
export async function runSchedule({ case: c }: Context): Promise<Found[]> {
  const schedule = scheduleOf(c)(c.attrs as never)
  const expected = c.values ?? []
  return [{ name: c.outputs[0] ?? c.id, got: expected.map((_, step) => schedule(step)), expected }]
}

function scheduleOf({ op }: Case): (attrs: never) => Schedule {
  const found = schedules[op]
  if (found === undefined) throw new Unsupported(`no schedule '${op}'`)
  return found
}
