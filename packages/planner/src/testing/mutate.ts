import type { Dag, Plan, RunStep, Step } from '../dag/dag.ts'
import type { Random } from '../strategy/random.ts'

type Mutation = (dag: Dag, plan: Plan, random: Random) => Plan | undefined

const pick = <T>(list: readonly T[], random: Random): T | undefined => list[random.below(list.length || 1)]

/** The plan with step `i` replaced by `steps`. */
function put(plan: Plan, i: number, ...steps: Step[]): Plan {
  return { ...plan, steps: plan.steps.toSpliced(i, 1, ...steps) }
}

/** Indices of the steps that run a task and pass a test. */
function runs(plan: Plan, test: (step: RunStep) => boolean = () => true): number[] {
  return plan.steps.flatMap((s, i) => ('run' in s && test(s) ? [i] : []))
}

/** One run, changed. */
function changeRun(
  plan: Plan,
  random: Random,
  test: (step: RunStep) => boolean,
  change: (step: RunStep) => RunStep,
): Plan | undefined {
  const i = pick(runs(plan, test), random)
  return i === undefined ? undefined : put(plan, i, change(plan.steps[i] as RunStep))
}

const anyOffset = (plan: Plan, dag: Dag, random: Random): number =>
  random.below(Math.ceil(plan.arenaBytes / (dag.align ?? 1)) + 2) * (dag.align ?? 1) +
  (random.below(8) === 0 ? 1 : 0)

/** Ways to change a plan at random, by name. What comes out may be right or wrong. */
export const mutations: Readonly<Record<string, Mutation>> = {
  'drop a step': (_, plan, random) => put(plan, random.below(plan.steps.length || 1)),

  'swap neighbours'(_, plan, random) {
    if (plan.steps.length < 2) return undefined
    const i = random.below(plan.steps.length - 1)
    return { ...plan, steps: plan.steps.toSpliced(i, 2, plan.steps[i + 1]!, plan.steps[i]!) }
  },

  'swap two steps'(_, plan, random) {
    if (plan.steps.length === 0) return undefined
    const [i, j] = [random.below(plan.steps.length), random.below(plan.steps.length)]
    return { ...plan, steps: plan.steps.with(i, plan.steps[j]!).with(j, plan.steps[i]!) }
  },

  'repeat a step'(_, plan, random) {
    const step = pick(plan.steps, random)
    if (step === undefined) return undefined
    return { ...plan, steps: plan.steps.toSpliced(random.below(plan.steps.length + 1), 0, step) }
  },

  'free something'(dag, plan, random) {
    const free = random.below(dag.values.length + 1)
    return { ...plan, steps: plan.steps.toSpliced(random.below(plan.steps.length + 1), 0, { free }) }
  },

  'remove a free'(_, plan, random) {
    const i = pick(
      plan.steps.flatMap((s, at) => ('free' in s ? [at] : [])),
      random,
    )
    return i === undefined ? undefined : put(plan, i)
  },

  'commit something'(dag, plan, random) {
    const commit = pick(dag.next ?? [], random)?.pinned ?? random.below(dag.values.length)
    return { ...plan, steps: plan.steps.toSpliced(random.below(plan.steps.length + 1), 0, { commit }) }
  },

  'move an offset': (dag, plan, random) =>
    changeRun(
      plan,
      random,
      s => (s.at ?? []).length > 0,
      step => {
        const i = random.below(step.at!.length)
        return { ...step, at: step.at!.with(i, [step.at![i]![0], anyOffset(plan, dag, random)]) }
      },
    ),

  'move what is there at the start'(dag, plan, random) {
    if (plan.pinned.length === 0) return undefined
    const i = random.below(plan.pinned.length)
    return { ...plan, pinned: plan.pinned.with(i, [plan.pinned[i]![0], anyOffset(plan, dag, random)]) }
  },

  'forget what is there at the start': (_, plan, random) =>
    plan.pinned.length === 0
      ? undefined
      : { ...plan, pinned: plan.pinned.toSpliced(random.below(plan.pinned.length), 1) },

  'forget an offset': (_, plan, random) =>
    changeRun(
      plan,
      random,
      s => (s.at ?? []).length > 0,
      step => ({ ...step, at: step.at!.toSpliced(random.below(step.at!.length), 1) }),
    ),

  'place another value': (dag, plan, random) =>
    changeRun(
      plan,
      random,
      () => true,
      step => ({
        ...step,
        at: [...(step.at ?? []), [random.below(dag.values.length), anyOffset(plan, dag, random)]],
      }),
    ),

  'move a workspace': (dag, plan, random) =>
    changeRun(
      plan,
      random,
      s => s.workspaceAt !== undefined,
      step => ({ ...step, workspaceAt: anyOffset(plan, dag, random) }),
    ),

  'forget a workspace': (_, plan, random) =>
    changeRun(
      plan,
      random,
      s => s.workspaceAt !== undefined,
      ({ workspaceAt: _gone, ...step }) => step,
    ),

  'replace nothing': (_, plan, random) =>
    changeRun(
      plan,
      random,
      s => (s.replaces ?? []).length > 0,
      step => ({ ...step, replaces: step.replaces!.toSpliced(random.below(step.replaces!.length), 1) }),
    ),

  'replace another': (dag, plan, random) =>
    changeRun(
      plan,
      random,
      s => (s.replaces ?? []).length > 0,
      step => {
        const i = random.below(step.replaces!.length)
        return {
          ...step,
          replaces: step.replaces!.with(i, [step.replaces![i]![0], random.below(dag.values.length)]),
        }
      },
    ),

  // Takes away the place of a result and has it replace something that its task lists, or any read, or any buffer.
  'replace something'(dag, plan, random) {
    const i = pick(runs(plan), random)
    if (i === undefined) return undefined
    const step = plan.steps[i] as RunStep
    const task = dag.tasks[step.run]
    if (task === undefined) return undefined
    const listed = pick(task.inPlace ?? [], random)
    const write = listed?.[1] ?? pick(task.writes, random)
    const place = [listed?.[0], pick(task.reads, random), pick(dag.next ?? [], random)?.pinned][
      random.below(3)
    ]
    if (write === undefined || place === undefined) return undefined
    const at = (step.at ?? []).filter(([w]) => w !== write)
    const replaces = [...(step.replaces ?? []).filter(([w]) => w !== write), [write, place] as const]
    // What ends there is then not freed.
    const later = plan.steps.findIndex((s, at) => at > i && 'free' in s && s.free === place)
    const fixed = later > 0 && random.below(4) > 0 ? put(plan, later) : plan
    return put(fixed, i, {
      run: step.run,
      ...(step.workspaceAt !== undefined && { workspaceAt: step.workspaceAt }),
      at,
      replaces,
    })
  },

  // Right where the plan has room for it.
  'run something again'(dag, plan, random) {
    const from = pick(runs(plan), random)
    if (from === undefined) return undefined
    const { replaces, ...step } = plan.steps[from] as RunStep
    const to = random.below(plan.steps.length + 1)
    const again: Step[] = random.below(2) === 0 ? [step] : [{ ...step, ...(replaces && { replaces }) }]
    if (random.below(3) > 0) for (const w of dag.tasks[step.run]?.writes ?? []) again.push({ free: w })
    return { ...plan, steps: plan.steps.toSpliced(to, 0, ...again) }
  },

  // A free now, and a run where the value is needed next.
  'compute again instead of keeping'(dag, plan, random) {
    const from = pick(runs(plan), random)
    if (from === undefined) return undefined
    const step = plan.steps[from] as RunStep
    const value = dag.tasks[step.run]?.writes[0] ?? 0
    const readers = runs(plan, s => dag.tasks[s.run]?.reads.includes(value) === true).filter(
      i => i > from + 1,
    )
    const to = pick(readers, random)
    if (to === undefined) return undefined
    const gap = from + 1 + random.below(to - from)
    const free: Step = { free: value }
    return {
      ...plan,
      steps: [...plan.steps.slice(0, gap), free, ...plan.steps.slice(gap, to), step, ...plan.steps.slice(to)],
    }
  },

  // A place of its own above all others, and a copy some time later.
  'commit instead of a donation'(dag, plan, random) {
    const donates = (s: RunStep) => (s.replaces ?? []).some(([, p]) => dag.values[p]?.pinned === true)
    const i = pick(runs(plan, donates), random)
    if (i === undefined) return undefined
    const step = plan.steps[i] as RunStep
    const [w, p] = step.replaces!.find(r => dag.values[r[1]]?.pinned === true)!
    const align = dag.align ?? 1
    const at = [...(step.at ?? []), [w, Math.ceil(plan.arenaBytes / align) * align] as const]
    const run = {
      ...step,
      ...(plan.pinned.length > 0 && { at }),
      replaces: step.replaces!.filter(r => r[0] !== w),
    }
    const to = i + 1 + random.below(plan.steps.length - i)
    const steps = plan.steps.toSpliced(to, 0, { commit: p }).with(i, run)
    return { ...plan, steps }
  },

  'another choice': (_, plan, random) => ({
    ...plan,
    choice:
      plan.choice.length === 0 ? [0] : plan.choice.with(random.below(plan.choice.length), random.below(3)),
  }),

  'run another task': (dag, plan, random) =>
    changeRun(
      plan,
      random,
      () => true,
      step => ({ ...step, run: random.below(dag.tasks.length + 1) }),
    ),

  'another peak': (_, plan, random) => ({ ...plan, peakBytes: plan.peakBytes + random.below(3) - 1 }),
  'another arena': (_, plan, random) => ({ ...plan, arenaBytes: plan.arenaBytes + random.below(3) - 1 }),
  'another cost': (_, plan, random) => ({ ...plan, cost: plan.cost + random.below(3) - 1 }),
  'another base cost': (_, plan, random) => ({ ...plan, baseCost: plan.baseCost + random.below(3) - 1 }),
  'another lower bound': (_, plan) => ({ ...plan, lowerBound: plan.cost + 1 }),
}

/** The plan without any offsets, judged on live bytes alone. */
export function withoutOffsets(plan: Plan): Plan {
  const steps = plan.steps.map((s): Step => {
    if (!('run' in s)) return s
    return { run: s.run, ...(s.replaces && { replaces: s.replaces }) }
  })
  return { ...plan, pinned: [], steps, arenaBytes: plan.peakBytes }
}
