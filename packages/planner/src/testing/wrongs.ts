import type { Dag, Plan, RunStep, Step } from '../dag/dag.ts'
import type { Random } from '../strategy/random.ts'

type Wrong = (dag: Dag, plan: Plan, random: Random) => Plan | undefined

const pick = <T>(list: readonly T[], random: Random): T | undefined => list[random.below(list.length || 1)]
const isRun = (s: Step): s is RunStep => 'run' in s

/** Indices of runs, with a value that each of them reads and that lives in a place of its own. */
function reads(dag: Dag, plan: Plan): [step: number, value: number][] {
  return plan.steps.flatMap((s, i) =>
    isRun(s)
      ? dag.tasks[s.run]!.reads.filter(v => dag.values[v]!.pinned !== true).map((v): [number, number] => [
          i,
          v,
        ])
      : [],
  )
}

/** What lives during step `i`, in bytes at a place; for plans that keep the rules. */
function livesAt(dag: Dag, plan: Plan, i: number): [value: number, offset: number][] {
  const at = new Map(plan.pinned)
  for (const [k, s] of plan.steps.slice(0, i).entries()) {
    if ('free' in s) at.delete(s.free)
    else if ('commit' in s) at.delete(dag.next!.find(n => n.pinned === s.commit)!.value)
    else {
      for (const [w, offset] of s.at ?? []) at.set(w, offset)
      for (const [w, place] of s.replaces ?? []) {
        if (dag.values[place]!.pinned === true) continue
        at.set(w, at.get(place)!)
        at.delete(place)
      }
    }
    void k
  }
  return [...at].filter(([v]) => dag.values[v]!.bytes > 0)
}

/** Ways to make a good plan with offsets wrong for certain, by name. */
export const wrongs: Readonly<Record<string, Wrong>> = {
  'use after free'(dag, plan, random) {
    const [i, free] = pick(reads(dag, plan), random) ?? []
    return i === undefined ? undefined : { ...plan, steps: plan.steps.toSpliced(i, 0, { free: free! }) }
  },

  overlap(dag, plan, random) {
    const found: [i: number, write: number, offset: number][] = []
    for (const [i, s] of plan.steps.entries()) {
      if (!isRun(s)) continue
      for (const [w] of s.at ?? [])
        if (dag.values[w]!.bytes > 0) for (const [, at] of livesAt(dag, plan, i)) found.push([i, w, at])
    }
    const [i, write, offset] = pick(found, random) ?? []
    if (i === undefined) return undefined
    const step = plan.steps[i] as RunStep
    const at = step.at!.map(([w, old]): [number, number] => [w, w === write ? offset! : old])
    return { ...plan, steps: plan.steps.with(i, { ...step, at }) }
  },

  'workspace on something alive'(dag, plan, random) {
    const found = plan.steps.flatMap((s, i): [number, number][] =>
      isRun(s) && s.workspaceAt !== undefined ? livesAt(dag, plan, i).map(([, at]) => [i, at]) : [],
    )
    const [i, workspaceAt] = pick(found, random) ?? []
    if (i === undefined) return undefined
    return {
      ...plan,
      steps: plan.steps.with(i, { ...(plan.steps[i] as RunStep), workspaceAt: workspaceAt! }),
    }
  },

  'a missing run'(dag, plan, random) {
    // Every run of a needed task is: what it computes is an output, a successor, or read before it is computed again.
    const needed = plan.steps.flatMap((s, i) => (isRun(s) && isNeeded(dag, plan, i) ? [i] : []))
    const i = pick(needed, random)
    return i === undefined ? undefined : { ...plan, steps: plan.steps.toSpliced(i, 1) }
  },

  'a reader after an overwrite'(dag, plan, random) {
    const gone = new Map<number, number>()
    for (const [i, s] of plan.steps.entries()) {
      if ('commit' in s) gone.set(s.commit, i)
      else if (isRun(s))
        for (const [, p] of s.replaces ?? []) if (dag.values[p]!.pinned === true) gone.set(p, i)
    }
    const found = plan.steps.flatMap((s, i): [number, number][] =>
      isRun(s)
        ? dag.tasks[s.run]!.reads.flatMap((v): [number, number][] => (gone.has(v) ? [[i, gone.get(v)!]] : []))
        : [],
    )
    const [i, overwrite] = pick(found, random) ?? []
    if (i === undefined) return undefined
    const to = overwrite! + 1 + random.below(plan.steps.length - overwrite!)
    return { ...plan, steps: plan.steps.toSpliced(to, 0, plan.steps[i]!) }
  },

  'an understated peak': (_, plan, random) => ({ ...plan, peakBytes: plan.peakBytes - 1 - random.below(9) }),
  'an understated arena': (_, plan, random) => ({
    ...plan,
    arenaBytes: plan.arenaBytes - 1 - random.below(9),
  }),
  'an understated cost': (_, plan, random) => ({ ...plan, cost: plan.cost - 1 - random.below(9) }),
}

function isNeeded(dag: Dag, plan: Plan, i: number): boolean {
  const writes = dag.tasks[(plan.steps[i] as RunStep).run]!.writes
  for (const w of writes) {
    // Still there from an earlier run, so nothing changes without this one.
    const before = plan.steps.slice(0, i)
    const made = before.findLastIndex(s => isRun(s) && dag.tasks[s.run]!.writes.includes(w))
    const lost = before.findLastIndex(
      s => ('free' in s && s.free === w) || (isRun(s) && (s.replaces ?? []).some(([, p]) => p === w)),
    )
    if (made > lost) continue
    const later = plan.steps.slice(i + 1)
    const read = later.findIndex(s => isRun(s) && dag.tasks[s.run]!.reads.includes(w))
    const again = later.findIndex(s => isRun(s) && dag.tasks[s.run]!.writes.includes(w))
    if (read >= 0 && (again < 0 || read <= again)) return true
    const kept = dag.outputs.includes(w) || (dag.next ?? []).some(n => n.value === w)
    if (again < 0 && kept) return true
  }
  return false
}
