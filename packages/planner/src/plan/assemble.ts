import type { Fixed, Plan, Step } from '../dag/dag.ts'
import type { Model } from '../dag/model.ts'
import { PlannerError } from '../errors.ts'
import { blocksOf } from '../layout/blocks.ts'
import { type Conflicts, place } from '../layout/place.ts'
import { Random } from '../strategy/random.ts'
import type { Simulation } from '../strategy/simulate.ts'

export interface Assembled {
  readonly steps: Step[]
  readonly pinned: readonly (readonly [value: number, offset: number])[]
  /** End of the highest place; the live peak where there are no offsets. */
  readonly arenaBytes: number
  /** How often packing failed at a time of the layout: two of them a run. */
  readonly conflicts: Conflicts
}

/** A simulated sequence as the steps of a plan, without offsets. */
export function assembleSteps(simulation: Simulation, sequence: Int32Array): Assembled {
  return {
    steps: steps(simulation, sequence, undefined),
    pinned: [],
    arenaBytes: simulation.peak,
    conflicts: new Map(),
  }
}

/** The same with an offset for everything; pinned values lie where `fixed` says, or in front, in order. */
export function assembleLayout(
  simulation: Simulation,
  sequence: Int32Array,
  fixed: Fixed,
  seed: number,
): Assembled {
  const { model } = simulation
  const pinnedAt = placePinned(model, fixed)
  const floor = [...pinnedAt].reduce((n, [v, at]) => Math.max(n, at + model.size[v]!), 0)
  const blocks = blocksOf(simulation, sequence)
  const goal = Math.max(floor, simulation.peak - model.pinnedSize + floor)
  const { offsets, top, conflicts } = place(blocks.list, floor, goal, new Random(seed))
  const { instances } = simulation
  const at = (k: number): number =>
    blocks.ofInstance[k]! >= 0
      ? offsets[blocks.ofInstance[k]!]!
      : pinnedAt.get(model.bufferOf[instances.value[k]!]!)!
  const pinned: [number, number][] = [...pinnedAt]
  for (let k = 0; k < instances.count; k++)
    if (instances.start[k]! < 0) pinned.push([instances.value[k]!, at(k)])
  const workspaceAt = (i: number): number => offsets[blocks.ofWorkspace[i]!]!
  return { steps: steps(simulation, sequence, { at, workspaceAt }), pinned, arenaBytes: top, conflicts }
}

function placePinned(model: Model, fixed: Fixed): Map<number, number> {
  const places = new Map<number, number>(fixed)
  for (const [v, at] of fixed)
    if (model.pinned[v] !== 1 || at % model.align !== 0)
      throw new PlannerError('FIXED', `value ${v} cannot be fixed at ${at}`, {
        expected: `a pinned value at a multiple of ${model.align} bytes`,
      })
  let end = fixed.reduce((n, [v, at]) => Math.max(n, at + model.size[v]!), 0)
  for (let v = 0; v < model.pinned.length; v++) {
    if (model.pinned[v] !== 1 || places.has(v)) continue
    places.set(v, end)
    end += model.size[v]!
  }
  return places
}

interface Places {
  at(instance: number): number
  workspaceAt(position: number): number
}

function steps(simulation: Simulation, sequence: Int32Array, places: Places | undefined): Step[] {
  const { model, instances, length } = simulation
  const { value, start, end, fate, over } = instances
  const endingAt: number[][] = Array.from({ length: length + 1 }, () => [])
  for (let k = 0; k < instances.count; k++)
    if ((fate[k] === 0 || fate[k] === 2) && end[k]! >= 0 && end[k]! < length) endingAt[end[k]!]!.push(k)
  const list: Step[] = []
  let k = 0
  for (; k < instances.count && start[k]! < 0; k++) if (end[k]! < 0) list.push({ free: value[k]! })
  for (let i = 0; i < length; i++) {
    const t = sequence[i]!
    const at: [number, number][] = []
    const replaces: [number, number][] = []
    for (const w of model.writes[t]!) {
      if (fate[k] === 1) replaces.push([w, model.bufferOf[w]!])
      else if (over[k]! >= 0) replaces.push([w, value[over[k]!]!])
      else if (places !== undefined) at.push([w, places.at(k)])
      k++
    }
    const workspaceAt = places !== undefined && model.workspace[t]! > 0 ? places.workspaceAt(i) : undefined
    list.push({
      run: t,
      ...(at.length > 0 && { at }),
      ...(workspaceAt !== undefined && { workspaceAt }),
      ...(replaces.length > 0 && { replaces }),
    })
    for (const e of endingAt[i]!)
      list.push(fate[e] === 2 ? { commit: model.bufferOf[value[e]!]! } : { free: value[e]! })
  }
  return list
}

/** A plan from an assembled schedule, its peak in exact bytes to be filled in by the verifier. */
export function planOf(model: Model, simulation: Simulation, assembled: Assembled, peakBytes: number): Plan {
  return {
    pinned: assembled.pinned,
    steps: assembled.steps,
    choice: model.choice,
    peakBytes,
    arenaBytes: assembled.arenaBytes,
    cost: simulation.cost,
    baseCost: model.baseCost,
    lowerBound: model.baseCost,
  }
}
