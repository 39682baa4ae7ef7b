import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import {
  type Memory,
  type Planned,
  type ProgramSpec,
  parseMemory,
  planPrograms,
  showKernels,
  showPlan,
  showProgram,
  showTasks,
  toDag,
} from '@stint/engine'
import { parseGraph, printGraph } from '@stint/graph'
import { explain } from '@stint/planner'
import { trainingPrograms } from '@stint/train'
import { type Given, readArgs, type Usage } from './args.ts'
import { backendNames, backendOf, defaultBackend } from './backends.ts'
import { CliError } from './errors.ts'
import { readText } from './files.ts'
import type { Io } from './io.ts'
import { loadRecipe } from './recipes.ts'

const stages = ['graph', 'kernels', 'tasks', 'dag', 'plan', 'program'] as const
type Stage = (typeof stages)[number]

export const inspectUsage: Usage = {
  name: 'inspect',
  about: 'Prints one stage of the compilation of a recipe, or of a graph in a text file.',
  positionals: ['<recipe|graph file>'],
  flags: {
    stage: {
      value: `<${stages.join('|')}>`,
      about: 'what to print (graph); dag is a file that stint plan takes',
    },
    memory: { value: '<size|NN%|none>', about: "the budget of the plan (the recipe's own; none for a file)" },
    program: { value: '<name>', about: 'which program of a recipe: train, evaluate, … (train)' },
    backend: {
      value: '<name>',
      about: `what it is compiled for: ${backendNames.join(', ')} (${defaultBackend})`,
    },
    batch: { value: '<n>', about: 'rows of a step of a recipe' },
    explain: { about: 'of the plan, instead of its steps, why it is as it is' },
    json: { about: 'one line of JSON, with the text in it' },
  },
}

/** What is to be inspected. */
interface Subject {
  readonly programs: { readonly [name: string]: ProgramSpec }
  readonly memory: Memory
  /** The program that is shown unless another is asked for. */
  readonly main: string
}

/** `stint inspect`. */
export async function inspect(argv: readonly string[], io: Io): Promise<void> {
  const given = readArgs(inspectUsage, argv)
  const explains = given.has('explain')
  const stage = given.oneOf('stage', stages) ?? (explains ? 'plan' : 'graph')
  if (explains && stage !== 'plan')
    throw new CliError('USAGE', '--explain is about the plan', {
      expected: '--stage plan',
      got: `'${stage}'`,
    })
  const backend = backendOf(given.text('backend') ?? defaultBackend)
  const subject = await subjectOf(given, io)
  const name = given.text('program') ?? subject.main
  if (!Object.hasOwn(subject.programs, name))
    throw new CliError('USAGE', `there is no program '${name}'`, {
      expected: Object.keys(subject.programs).join(', '),
    })
  const memory = parseMemory(given.text('memory') ?? subject.memory)
  const { planned } = planPrograms({ programs: subject.programs, backend }, await backend.target(), memory)
  const chosen = planned.find(p => p.name === name)!
  const explanation = explains ? explain(chosen.dag.dag, chosen.plan) : undefined
  const text = `${(explanation?.toString({ columns: io.columns }) ?? show(stage, chosen)).trimEnd()}\n`
  io.out(
    given.has('json')
      ? `${JSON.stringify({ program: name, stage, ...(explanation && { explanation }), text })}\n`
      : text,
  )
}

async function subjectOf(given: Given, io: Io): Promise<Subject> {
  const name = given.positionals[0]!
  const path = resolve(io.cwd, name)
  if (isGraphFile(path)) {
    const graph = parseGraph(await readText(path))
    return { programs: { [graph.name]: graph }, memory: 'none', main: graph.name }
  }
  const recipe = await loadRecipe(name, io.cwd)
  const { train: data, test } = await recipe.data()
  const batch = given.whole('batch', 1) ?? recipe.batch
  const { programs } = trainingPrograms(recipe.model(), { ...recipe, data, test, batch })
  return { programs, memory: recipe.memory, main: 'train' }
}

function isGraphFile(path: string): boolean {
  return !/\.[cm]?[jt]s$/.test(path) && statSync(path, { throwIfNoEntry: false })?.isFile() === true
}

function show(stage: Stage, planned: Planned): string {
  switch (stage) {
    case 'graph':
      return printGraph(planned.tasks.graph)
    case 'kernels':
      return showKernels(planned.tasks.kernels)
    case 'tasks':
      return showTasks(planned)
    case 'dag':
      return JSON.stringify(toDag(planned))
    case 'plan':
      return showPlan(planned)
    case 'program':
      return showProgram(planned.program)
  }
}
