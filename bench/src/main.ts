import { describe, UsageError } from './error.ts'
import type { Io } from './io.ts'
import { kernels, kernelsHelp } from './kernels/kernels.ts'
import { plannerHelp } from './planner/options.ts'
import { planner } from './planner/planner.ts'
import { trainHelp } from './train/options.ts'
import { train } from './train/train.ts'

interface Command {
  readonly about: string
  readonly help: string
  readonly run: (args: readonly string[], io: Io) => Promise<number>
}

const commands: { readonly [name: string]: Command } = {
  train: { about: 'training steps: time, memory, compilation', help: trainHelp, run: train },
  kernels: { about: 'single kernels: matrix products, elementwise work', help: kernelsHelp, run: kernels },
  planner: { about: 'plans of task graphs: overhead, bounds, time', help: plannerHelp, run: planner },
}

const help = `bench <command> [flags]

${Object.entries(commands)
  .map(([name, { about }]) => `  ${name.padEnd(8)}  ${about}`)
  .join('\n')}

'bench <command> --help' says what a command takes. Results go to standard output, everything else to standard error.
Exits with 1 if something could not be measured, with 2 for a command line that makes no sense.`

/** The command line: gives the exit code. */
export async function main(args: readonly string[], io: Io): Promise<number> {
  try {
    return await dispatch(args, io)
  } catch (error) {
    const failure = describe(error)
    if (args.includes('--json')) io.out(JSON.stringify({ error: failure }))
    else io.err(`bench: ${failure.message}`)
    return error instanceof UsageError ? 2 : 1
  }
}

async function dispatch(args: readonly string[], io: Io): Promise<number> {
  const [first, ...rest] = args[0] === 'help' ? [args[1] ?? '--help', '--help'] : args
  if (first === '--help' || first === '-h') {
    io.out(help)
    return 0
  }
  if (first === undefined || !Object.hasOwn(commands, first))
    throw new UsageError(first === undefined ? 'nothing to do' : `there is no command '${first}'`, {
      expected: Object.keys(commands).join(', '),
    })
  const command = commands[first]!
  if (rest.includes('--help') || rest.includes('-h')) {
    io.out(command.help)
    return 0
  }
  return command.run(rest, io)
}
