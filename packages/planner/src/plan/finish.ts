import type { Fixed, Plan } from '../dag/dag.ts'
import type { Model } from '../dag/model.ts'
import type { Conflicts } from '../layout/place.ts'
import { Simulation } from '../strategy/simulate.ts'
import { Replay } from '../verify/replay.ts'
import { assembleLayout, assembleSteps, planOf } from './assemble.ts'

export interface Finished {
  readonly plan: Plan
  /** How often packing failed at a time of the layout. */
  readonly conflicts: Conflicts
}

/** A sequence of runs as a plan, not verified yet: with `fixed`, everything gets an offset. */
export function finish(model: Model, sequence: Int32Array, fixed: Fixed | undefined, seed: number): Finished {
  const simulation = new Simulation(model)
  simulation.run(sequence, sequence.length)
  const assembled =
    fixed === undefined
      ? assembleSteps(simulation, sequence)
      : assembleLayout(simulation, sequence, fixed, seed)
  const plan = planOf(model, simulation, assembled, 0)
  // The search counts in units of the alignment; live bytes are exact.
  const { peakBytes, arenaBytes } = new Replay(model.dag, plan).run(plan)
  return {
    plan: { ...plan, peakBytes, arenaBytes: Math.max(arenaBytes, peakBytes) },
    conflicts: assembled.conflicts,
  }
}
