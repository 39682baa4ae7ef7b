import { parseMemory } from '@stint/engine'
import { type FitOptions, fit, type Run } from '@stint/train'
import { type Given, readArgs, type Usage } from './args.ts'
import { backendNames, defaultBackend, placeOf } from './backends.ts'
import type { Io } from './io.ts'
import { Progress } from './progress.ts'
import { loadRecipe } from './recipes.ts'
import { showTraining } from './summary.ts'

export const trainUsage: Usage = {
  name: 'train',
  about: 'Trains a recipe, such as fashion-cnn or digits-mlp, inside a memory budget, and tests it.',
  positionals: ['<recipe>'],
  flags: {
    memory: { value: '<size|NN%|none>', about: 'the budget: 24MiB, 40% of the unconstrained peak, or none' },
    backend: { value: '<name>', about: `where it runs: ${backendNames.join(', ')} (${defaultBackend})` },
    target: {
      value: '<target.json>',
      about: 'plans by costs that stint profile measured; names the backend',
    },
    threads: { value: '<n>', about: 'threads of the worker backend (one a core, at most 8)' },
    epochs: { value: '<n>', about: 'how often to go through the data' },
    steps: { value: '<n>', about: 'how many steps to run, instead of epochs' },
    batch: { value: '<n>', about: 'rows of a step' },
    microbatches: {
      value: '<n>',
      about: 'slices that the batch is computed in (changes rounding)',
    },
    seed: { value: '<n>', about: 'decides parameters, order and flips (0)' },
    audit: { about: 'checks after every step of the program that no byte is out of place (slow)' },
    json: { about: 'ends with one line of JSON' },
  },
}

/** What `stint train --json` ends with. Bytes, ms, and shares of 1. */
export interface Training {
  readonly recipe: string
  readonly backend: string
  readonly threads: number
  /** The budget as asked for. */
  readonly memory: string | number
  /** The arena that the plans need. */
  readonly predictedPeakBytes: number
  /** The arena of the session. */
  readonly arenaBytes: number
  /** Every buffer that the backend holds. */
  readonly heldBytes: number
  /** One past the highest byte that the audit saw written; null without `--audit`. */
  readonly touchedPeakBytes: number | null
  readonly unconstrainedPeakBytes: number
  readonly recomputeOverhead: number
  readonly recomputedTasks: number
  readonly steps: number
  readonly msPerStep: number
  readonly lossFirst: number
  readonly lossLast: number
  readonly testAccuracy: number | null
  readonly stateHash: string
  readonly planHash: string
}

/** `stint train`. */
export async function train(argv: readonly string[], io: Io): Promise<void> {
  const given = readArgs(trainUsage, argv)
  const { backend, target } = await placeOf(given, io)
  const recipe = await loadRecipe(given.positionals[0]!, io.cwd)
  const { name, model, data: read, batch, epochs, memory: usual, ...method } = recipe
  const memory = given.text('memory') ?? usual
  const microbatches = given.whole('microbatches', 1)
  // Before the data are read: a budget that makes no sense is refused at once.
  parseMemory(memory)
  const { train: data, test } = await read()
  await using run = fit(model(), {
    ...method,
    ...lengthOf(given, epochs),
    data,
    test,
    batch: given.whole('batch', 1) ?? batch,
    seed: given.whole('seed', 0) ?? 0,
    ...(microbatches !== undefined && { microbatches }),
    memory,
    backend,
    ...(target !== undefined && { target }),
    audit: given.has('audit'),
  })
  const result = await follow(run, { recipe: name, memory }, io)
  io.out(given.has('json') ? `${JSON.stringify(result)}\n` : showTraining(result))
}

/** What was asked for; where that is both, the run refuses it. */
function lengthOf(given: Given, usual: number): Pick<FitOptions, 'epochs' | 'steps'> {
  const steps = given.whole('steps', 1)
  const epochs = given.whole('epochs', 1) ?? (steps === undefined ? usual : undefined)
  return { ...(steps !== undefined && { steps }), ...(epochs !== undefined && { epochs }) }
}

/** Runs and tests it, and shows how it goes. */
async function follow(run: Run, asked: Pick<Training, 'recipe' | 'memory'>, io: Io): Promise<Training> {
  if (io.live) io.err('planning …')
  const session = await run.open()
  const plan = session.plan()
  const { arenaBytes } = session
  const budget = budgetBytes(asked.memory, plan.unconstrainedPeakBytes)
  const progress = new Progress(io, run.steps, { arena: arenaBytes, budget })
  let [ms, lossFirst, lossLast] = [0, Number.NaN, Number.NaN]
  let touchedPeakBytes: number | null = null
  try {
    for await (const report of run) {
      progress.show(report)
      if (report.step === 1) lossFirst = report.loss
      lossLast = report.loss
      ms += report.ms
      if (report.touchedPeakBytes !== undefined)
        touchedPeakBytes = Math.max(touchedPeakBytes ?? 0, report.touchedPeakBytes)
    }
  } finally {
    progress.end()
  }
  const { accuracy } = await run.evaluate()
  return {
    recipe: asked.recipe,
    backend: session.target.backend,
    threads: session.target.threads,
    memory: asked.memory,
    predictedPeakBytes: run.predictedPeakBytes,
    arenaBytes,
    heldBytes: session.heldBytes,
    touchedPeakBytes,
    unconstrainedPeakBytes: plan.unconstrainedPeakBytes,
    recomputeOverhead: plan.overhead,
    recomputedTasks: plan.recomputedTasks,
    steps: run.steps,
    msPerStep: ms / run.steps,
    lossFirst,
    lossLast,
    testAccuracy: accuracy ?? null,
    stateHash: await run.stateHash(),
    planHash: plan.planHash,
  }
}

function budgetBytes(memory: string | number, unconstrained: number): number | undefined {
  const budget = parseMemory(memory)
  if (budget === 'none') return undefined
  return 'bytes' in budget ? budget.bytes : Math.floor(budget.fraction * unconstrained)
}
