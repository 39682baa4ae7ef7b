import { resolve } from 'node:path'
import type { Dataset } from '@stint/data'
import { type Arrays, measuredTarget, type Planned, type Session } from '@stint/engine'
import { sizeOf } from '@stint/graph'
import { fit, type Recipe } from '@stint/train'
import { readArgs, type Usage } from './args.ts'
import { backendNames, defaultBackend, placeOf } from './backends.ts'
import { writeWhole } from './files.ts'
import type { Io } from './io.ts'
import { loadRecipe } from './recipes.ts'
import { table } from './summary.ts'

export const profileUsage: Usage = {
  name: 'profile',
  about: 'Measures each kernel of a recipe, and writes a target by whose costs stint train plans.',
  positionals: ['<recipe>'],
  flags: {
    backend: { value: '<name>', about: `where it runs: ${backendNames.join(', ')} (${defaultBackend})` },
    threads: { value: '<n>', about: 'threads of the worker backend (one a core, at most 8)' },
    batch: { value: '<n>', about: 'rows of a step' },
    microbatches: { value: '<n>', about: 'cuts the batch into as many slices' },
    repetitions: { value: '<n>', about: 'how often each program runs; medians count (9)' },
    out: { value: '<target.json>', about: 'where to write the target' },
    json: { about: 'one line of JSON instead of a table' },
  },
}

/** One kernel of `stint profile --json`. */
interface Measured {
  readonly ops: string
  /** How often a training step runs it. */
  readonly count: number
  /** Of one run: as measured, and by the model. */
  readonly ns: number
  readonly modelNs: number
}

/** `stint profile`. */
export async function profile(argv: readonly string[], io: Io): Promise<void> {
  const given = readArgs(profileUsage, argv)
  const { backend } = await placeOf(given, io)
  const recipe = await loadRecipe(given.positionals[0]!, io.cwd)
  const { name, model, data: read, batch, epochs: _, memory: __, ...method } = recipe
  const { train: data, test } = await read()
  const microbatches = given.whole('microbatches', 1)
  await using run = fit(model(), {
    ...method,
    data,
    test,
    batch: given.whole('batch', 1) ?? batch,
    steps: 1,
    ...(microbatches !== undefined && { microbatches }),
    memory: 'none',
    backend,
  })
  const session = await run.open()
  const repetitions = given.whole('repetitions', 1) ?? 9
  let { target } = session
  for (const program of session.programs) {
    const inputs = inputsOf(session.program(program), data, recipe)
    target = measuredTarget(target, await session.measure(program, inputs, repetitions))
  }
  const kernels = kernelsOf(session, target.costs.measured ?? {})
  const out = given.text('out')
  if (out !== undefined) await writeWhole(resolve(io.cwd, out), `${JSON.stringify(target)}\n`)
  const sum = (of: (k: Measured) => number): number => kernels.reduce((n, k) => n + k.count * of(k), 0)
  const result = {
    recipe: name,
    backend: target.backend,
    threads: target.threads,
    stepNs: sum(k => k.ns),
    stepModelNs: sum(k => k.modelNs),
    kernels,
  }
  io.out(given.has('json') ? `${JSON.stringify(result)}\n` : show(result))
}

/** The first rows of the data, and the optimizer's rate, as a program takes them. */
function inputsOf({ tasks }: Planned, { x, y }: Dataset, { optimizer }: Recipe): Arrays {
  const sizes = new Map(tasks.graph.inputs.map(i => [i.name, sizeOf(tasks.values[i.value]!.shape)]))
  return {
    x: x.slice(0, sizes.get('x')),
    y: Int32Array.from(y.subarray(0, sizes.get('y'))),
    ...(sizes.has('rate') && { rate: Float32Array.of(optimizer.learningRate) }),
  }
}

/** The kernels of a training step, the longest in all first. */
function kernelsOf(session: Session, measured: { readonly [signature: string]: number }): Measured[] {
  const { program, infos } = session.program('train')
  const counts = new Map<number, number>()
  for (const step of program.steps)
    if ('kernel' in step) counts.set(step.kernel, (counts.get(step.kernel) ?? 0) + 1)
  const list = [...counts].map(([index, count]): Measured => {
    const { signature, body } = program.kernels[index]!
    const ops = body.length === 0 ? 'copy' : [...new Set(body.map(n => n.op))].join(' ')
    return { ops, count, ns: measured[signature]!, modelNs: infos[index]!.variants[0]!.cost }
  })
  return list.sort((a, b) => b.count * b.ns - a.count * a.ns)
}

function show(result: {
  readonly stepNs: number
  readonly stepModelNs: number
  readonly kernels: readonly Measured[]
}): string {
  const us = (ns: number): string => `${(ns / 1000).toFixed(1)} µs`
  const rows = result.kernels.slice(0, 20).map(({ ops, count, ns, modelNs }) => {
    const short = ops.length > 60 ? `${ops.slice(0, 59)}…` : ops
    return [`${count} × ${us(ns)}`, `${short} (${us(modelNs)} by the model)`] as const
  })
  const rest = result.kernels.length - rows.length
  return table([
    ...rows,
    ...(rest > 0 ? [['…', `and ${rest} more kernels`] as const] : []),
    [us(result.stepNs), `a step in all (${us(result.stepModelNs)} by the model)`],
  ])
}
