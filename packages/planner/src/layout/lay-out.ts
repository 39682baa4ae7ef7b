import type { Dag, Fixed, Plan, Step } from '../dag/dag.ts'
import { PlannerError } from '../errors.ts'
import { type Lifetimes, lifetimesOf } from '../explain/lifetimes.ts'
import { Random } from '../strategy/random.ts'
import { verify } from '../verify/verify.ts'
import type { Block } from './blocks.ts'
import { place } from './place.ts'

export interface LayOutOptions {
  /** Where pinned values lie; the others follow behind, in order. */
  readonly fixed?: Fixed
  readonly seed?: number
}

/**
 * The same steps with an offset for everything, in as small an arena as is found; offsets that the plan had are
 * forgotten. Throws PlanError where the plan breaks a rule, and PlannerError `FIXED`.
 */
export function layOut(dag: Dag, plan: Plan, { fixed = [], seed = 1 }: LayOutOptions = {}): Plan {
  const align = dag.align ?? 1
  const up = (bytes: number): number => Math.ceil(bytes / align) * align
  const pinnedAt = placePinned(dag, fixed, up)
  const floor = [...pinnedAt].reduce((n, [v, at]) => Math.max(n, at + up(dag.values[v]!.bytes)), 0)
  const lifetimes = lifetimesOf(dag, plan)
  const { blocks, ofLifetime, ofWorkspace } = blocksOf(dag, lifetimes, up)
  const { offsets, top } = place(blocks, floor, Math.max(floor, plan.peakBytes), new Random(seed))
  const offsetOf = (i: number): number => offsets[ofLifetime[i]!]!
  const pinned: [number, number][] = [...pinnedAt]
  const at = new Map<number, [number, number][]>()
  for (const [i, { value, task, from, over, buffer }] of lifetimes.list.entries()) {
    if (buffer !== undefined || over !== undefined || dag.values[value]!.pinned === true) continue
    if (task < 0) pinned.push([value, offsetOf(i)])
    else at.set(from, [...(at.get(from) ?? []), [value, offsetOf(i)]])
  }
  const steps: Step[] = [...plan.steps]
  for (const [run, { step, index }] of lifetimes.runs.entries()) {
    const places = at.get(run)
    const workspace = ofWorkspace.get(run)
    steps[index] = {
      run: step.run,
      ...(places !== undefined && { at: places }),
      ...(workspace !== undefined && { workspaceAt: offsets[workspace]! }),
      ...(step.replaces !== undefined && { replaces: step.replaces }),
    }
  }
  const arenaBytes = Math.max(top, plan.peakBytes)
  const placed: Plan = { ...plan, pinned, steps, arenaBytes }
  verify(dag, placed, { fixed })
  return placed
}

function placePinned(dag: Dag, fixed: Fixed, up: (bytes: number) => number): Map<number, number> {
  const places = new Map<number, number>(fixed)
  for (const [v, at] of fixed)
    if (dag.values[v]?.pinned !== true || up(at) !== at)
      throw new PlannerError('FIXED', `value ${v} cannot be fixed at ${at}`, {
        expected: `a pinned value at a multiple of ${dag.align ?? 1} bytes`,
      })
  let end = fixed.reduce((n, [v, at]) => Math.max(n, at + up(dag.values[v]!.bytes)), 0)
  for (const [v, value] of dag.values.entries()) {
    if (value.pinned !== true || places.has(v)) continue
    places.set(v, end)
    end += up(value.bytes)
  }
  return places
}

/**
 * What has to be placed: values, those that take a place joined to what had it, and workspaces. Moments are doubled: a
 * place is taken over in the middle of a run, and inputs are there before the first.
 */
function blocksOf(
  dag: Dag,
  { list, runs }: Lifetimes,
  up: (bytes: number) => number,
): { blocks: Block[]; ofLifetime: Int32Array; ofWorkspace: Map<number, number> } {
  const blocks: { segments: Block['segments'][number][]; from: number; to: number; bytes: number }[] = []
  const ofLifetime = new Int32Array(list.length).fill(-1)
  for (const [i, { value, from: start, to: last, over, buffer, end }] of list.entries()) {
    if (buffer !== undefined || dag.values[value]!.pinned === true) continue
    const from = 2 * start + (over === undefined ? 0 : 1)
    const to = Math.max(from, 2 * last + (end === 'replaced' ? 0 : 1))
    const segment = { from, to, bytes: up(dag.values[value]!.bytes) }
    if (over === undefined) ofLifetime[i] = blocks.push({ ...segment, segments: [segment] }) - 1
    else {
      const block = blocks[ofLifetime[over]!]!
      block.segments.push(segment)
      block.to = Math.max(block.to, to)
      ofLifetime[i] = ofLifetime[over]!
    }
  }
  const ofWorkspace = new Map<number, number>()
  for (const [run, { step }] of runs.entries()) {
    const bytes = up(dag.tasks[step.run]!.workspace ?? 0)
    if (bytes === 0) continue
    const segment = { from: 2 * run, to: 2 * run + 1, bytes }
    ofWorkspace.set(run, blocks.push({ ...segment, segments: [segment] }) - 1)
  }
  return { blocks, ofLifetime, ofWorkspace }
}
