import { isWithin, type ValueId } from '@stint/graph'
import type { TaskGraph } from './tasks.ts'

/** A `checkpoint` region as tasks: of what they write, only `keeps` is kept when all of them have run. */
export interface TaskRegion {
  readonly tasks: readonly number[]
  readonly keeps: readonly ValueId[]
}

/**
 * The regions of a program that have something to drop. Kept are their results, what outlasts the run, and what must
 * not be computed twice.
 */
export function checkpointsOf({
  graph,
  tasks,
  next,
  outputs,
}: Pick<TaskGraph, 'graph' | 'tasks' | 'next' | 'outputs'>): TaskRegion[] {
  const lasting = new Set([...next.map(n => n.next), ...outputs.map(o => o.value)])
  const results = new Map<ValueId, string>()
  for (const { results: values, hints } of graph.nodes)
    if (hints?.result !== undefined) for (const v of values) results.set(v, hints.result)
  return regionNames(tasks.flatMap(t => t.region ?? [])).flatMap(region => {
    const own = tasks.flatMap((t, i) => (isWithin(t.region, region) ? [i] : []))
    const keeps = (v: ValueId): boolean => {
      const outermost = results.get(v)
      return lasting.has(v) || (outermost !== undefined && isWithin(region, outermost))
    }
    const written = own.flatMap(i => tasks[i]!.writes.map(v => ({ v, kept: tasks[i]!.once || keeps(v) })))
    const kept = written.filter(w => w.kept).map(w => w.v)
    return kept.length < written.length ? [{ tasks: own, keeps: kept }] : []
  })
}

/** The regions and those around them, each once. */
function regionNames(regions: readonly string[]): string[] {
  const names = regions.flatMap(region => {
    const parts = region.split('/')
    return parts.map((_, i) => parts.slice(0, i + 1).join('/'))
  })
  return [...new Set(names)]
}
