import { parseMemory } from '@stint/engine'
import { backendsOf, list, readFlags, threadsOf, whole, words } from '../args.ts'
import { isThreaded } from '../backends.ts'
import { UsageError } from '../error.ts'
import { workloads } from '../workloads/index.ts'
import type { LaneSpec } from './lane.ts'

export interface TrainOptions {
  /** Combinations by workload; those of one workload are measured in turn. */
  readonly groups: readonly (readonly LaneSpec[])[]
  readonly warmup: number
  readonly steps: number
  /** Steps of one combination before the next has its turn. */
  readonly turn: number
  readonly json: boolean
}

const flags = {
  workload: 'text',
  backend: 'text',
  threads: 'text',
  memory: 'text',
  steps: 'text',
  warmup: 'text',
  turn: 'text',
  json: 'switch',
} as const

export const trainHelp: string = `bench train --workload <name> [flags]

Trains a workload and says how long a step takes and how much memory it needs, one line for each combination.

  --workload <list>  ${Object.keys(workloads).join(', ')}; one after the other
  --backend <list>   cpu, wasm, worker (default: wasm)
  --threads <list>   threads of the worker backend (default: its own choice)
  --memory <list>    budgets: none, a size (24MiB) or a share of the unconstrained peak (75%) (default: none)
  --steps <n>        timed steps (default: 10)
  --warmup <n>       steps before them (default: 3)
  --turn <n>         steps of one combination before the next has its turn (default: 5)
  --json             a line of JSON for each combination, in place of a table

Several backends, numbers of threads and budgets make a combination each, every one in a process of its own. They take
turns, so that all see the same machine: compare ratios of medians of one run.
${Object.values(workloads)
  .map(w => `\n  ${w.name}  ${w.about}`)
  .join('')}`

/** Throws UsageError. */
export function trainOptions(args: readonly string[]): TrainOptions {
  const given = readFlags(flags, args)
  if (given.workload === undefined)
    throw new UsageError('which workload?', {
      expected: `--workload ${Object.keys(workloads).join(', ')}`,
      got: 'none',
    })
  const names = words(given, 'workload', Object.keys(workloads), [])
  const backends = backendsOf(given)
  const threads = threadsOf(given, backends.some(isThreaded))
  const budgets = list(given, 'memory', ['none']).map(budgetOf)
  const groups = names.map(workload =>
    backends.flatMap(backend =>
      (isThreaded(backend) ? threads : [undefined]).flatMap(n =>
        budgets.map(
          (memory): LaneSpec => ({ workload, backend, memory, ...(n !== undefined && { threads: n }) }),
        ),
      ),
    ),
  )
  return {
    groups,
    warmup: whole(given, 'warmup', 1, 3),
    steps: whole(given, 'steps', 1, 10),
    turn: whole(given, 'turn', 1, 5),
    json: given.json === true,
  }
}

function budgetOf(text: string): string {
  try {
    parseMemory(text)
    return text
  } catch {
    throw new UsageError('--memory is not usable', {
      expected: "sizes such as '24MiB', shares such as '75%', or 'none', with commas between",
      got: `'${text}'`,
    })
  }
}
