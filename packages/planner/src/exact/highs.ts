import { PlannerError } from '../errors.ts'
import type { Program } from './program.ts'

/** What is used of HiGHS (Huangfu and Hall 2018), as the npm package `highs` compiles it to WebAssembly. */
export interface Highs {
  readonly infinity: number
  createModel(data: unknown): HighsModel
}

interface HighsModel {
  readonly options: { set(values: Readonly<Record<string, unknown>>): unknown }
  readonly info: { get(name: string): number | bigint }
  run(): unknown
  getModelStatus(): number
  getSolution(): { readonly colValue: Float64Array }
  dispose(): void
}

/** Loads the package `highs`, an optional peer dependency. Throws PlannerError with code `NO_HIGHS` if it is not installed. */
export async function loadHighs(): Promise<Highs> {
  let load: () => Promise<Highs>
  try {
    load = ((await import('highs')) as unknown as { default: () => Promise<Highs> }).default
  } catch (cause) {
    throw new PlannerError('NO_HIGHS', 'the exact solver needs the package highs, which cannot be loaded', {
      got: cause instanceof Error ? cause.message : String(cause),
      hint: 'Install it with: npm install highs',
    })
  }
  return load()
}

export interface Solved {
  /** `limit`: the time was up. */
  readonly status: 'optimal' | 'infeasible' | 'limit'
  /** No solution costs less. */
  readonly bound: number
  readonly columns?: Float64Array
}

const statuses = {
  empty: 6,
  optimal: 7,
  infeasible: 8,
  unboundedOrInfeasible: 9,
  timeLimit: 13,
  interrupted: 17,
}

/** Solves a program, among costs below `below`, to the last unit or until the time is up, in seconds. */
export function solve(highs: Highs, program: Program, timeLimit: number, below: number): Solved {
  const model = highs.createModel(program.data(highs.infinity))
  try {
    model.options.set({
      output_flag: false,
      time_limit: timeLimit,
      // Costs are whole.
      ...(below < Number.POSITIVE_INFINITY && { objective_bound: below - 0.5 }),
      mip_abs_gap: 0.99,
      mip_rel_gap: 0,
      mip_feasibility_tolerance: 1e-7,
      primal_feasibility_tolerance: 1e-7,
      random_seed: 1,
    })
    model.run()
    const status = model.getModelStatus()
    // No cost is negative, so nothing is unbounded.
    if (status === statuses.empty) return { status: 'optimal', bound: 0, columns: new Float64Array() }
    if (status === statuses.infeasible || status === statuses.unboundedOrInfeasible)
      return { status: 'infeasible', bound: Number.POSITIVE_INFINITY }
    const bound = Number(model.info.get('mip_dual_bound'))
    const found = Number(model.info.get('primal_solution_status')) === 2
    const columns = found ? { columns: model.getSolution().colValue } : {}
    if (status === statuses.optimal) return { status: 'optimal', bound, ...columns }
    if (status === statuses.timeLimit || status === statuses.interrupted)
      return { status: 'limit', bound: Number.isFinite(bound) ? bound : 0, ...columns }
    throw new PlannerError('HIGHS', 'HiGHS ended in an unexpected way', { got: `status ${status}` })
  } finally {
    model.dispose()
  }
}
