import { resolve } from 'node:path'
import { parseMemory } from '@stint/engine'
import { parseDag, storeAllPeak, verify } from '@stint/planner'
import { readArgs, type Usage } from './args.ts'
import { readJson } from './files.ts'
import type { Io } from './io.ts'
import { readPlan } from './read-plan.ts'
import { percent, table } from './summary.ts'

export const verifyUsage: Usage = {
  name: 'verify',
  about: 'Replays a plan for a DAG, and fails where it breaks a rule or says of itself what is not so.',
  positionals: ['<dag.json>', '<plan.json>'],
  flags: {
    budget: { value: '<bytes|NN%>', about: 'the most bytes that it may need' },
    json: { about: 'one line of JSON instead of a table' },
  },
}

/** `stint verify`. */
export async function verifyFile(argv: readonly string[], io: Io): Promise<void> {
  const given = readArgs(verifyUsage, argv)
  const [dagFile, planFile] = given.positionals.map(path => resolve(io.cwd, path))
  const { dag } = parseDag(await readJson(dagFile!))
  const plan = readPlan(dag, await readJson(planFile!))
  const asked = parseMemory(given.text('budget') ?? 'none')
  const limit =
    asked === 'none'
      ? undefined
      : 'bytes' in asked
        ? asked.bytes
        : Math.floor(asked.fraction * storeAllPeak(dag))
  const found = verify(dag, plan, limit === undefined ? {} : { budget: limit })
  const overhead = plan.baseCost > 0 ? found.cost / plan.baseCost - 1 : 0
  const result = { valid: true, ...found, overhead }
  const text = table([
    ['plan', 'valid'],
    ['peak', `${found.peakBytes} bytes`],
    ['arena', `${found.arenaBytes} bytes`],
    ['cost', `${found.cost}`],
    ['overhead', `${percent(overhead)}, ${found.recomputedTasks} tasks run again`],
  ])
  io.out(given.has('json') ? `${JSON.stringify(result)}\n` : text)
}
