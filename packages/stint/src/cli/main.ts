import manifest from '../../package.json' with { type: 'json' }
import { showUsage, type Usage } from './args.ts'
import { CliError, describeError, statusOf } from './errors.ts'
import { inspect, inspectUsage } from './inspect.ts'
import type { Io } from './io.ts'
import { planFile, planUsage } from './plan.ts'
import { profile, profileUsage } from './profile.ts'
import { train, trainUsage } from './train.ts'
import { verifyFile, verifyUsage } from './verify.ts'

interface Command {
  readonly usage: Usage
  readonly run: (argv: readonly string[], io: Io) => Promise<void>
}

const commands: readonly Command[] = [
  { usage: trainUsage, run: train },
  { usage: profileUsage, run: profile },
  { usage: planUsage, run: planFile },
  { usage: verifyUsage, run: verifyFile },
  { usage: inspectUsage, run: inspect },
]

/**
 * The command line: runs what the arguments ask for, and gives the exit status. 0 is success, 1 a failure, 2 a command
 * line that makes no sense. A failure is a message on `err`, or with `--json` one line of JSON on `out`.
 */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  try {
    await dispatch(argv, io)
    return 0
  } catch (error) {
    if (argv.includes('--json')) io.out(`${JSON.stringify({ error: describeError(error) })}\n`)
    else io.err(`stint: ${messageOf(error)}\n`)
    return statusOf(error)
  }
}

async function dispatch([first, ...rest]: readonly string[], io: Io): Promise<void> {
  if (first === '--version' || first === '-v') return io.out(`${manifest.version}\n`)
  if (first === undefined) throw new CliError('USAGE', 'nothing to do', { hint: overview() })
  if (first === '--help' || first === '-h' || (first === 'help' && rest.length === 0))
    return io.out(overview())
  const command = find(first === 'help' ? rest[0]! : first)
  if (first === 'help' || rest.includes('--help') || rest.includes('-h'))
    return io.out(showUsage(command.usage))
  await command.run(rest, io)
}

function find(name: string): Command {
  const found = commands.find(({ usage }) => usage.name === name)
  if (found !== undefined) return found
  throw new CliError('USAGE', `there is no command '${name}'`, {
    expected: commands.map(({ usage }) => usage.name).join(', '),
    hint: "'stint --help' says what each does.",
  })
}

function overview(): string {
  const rows = commands.map(
    ({ usage }) => [[usage.name, ...usage.positionals].join(' '), usage.about] as const,
  )
  const width = Math.max(...rows.map(([call]) => call.length))
  return [
    'stint <command> [flags]: trains neural networks inside a memory budget that you name.',
    '',
    ...rows.map(([call, about]) => `  ${call.padEnd(width)}  ${about}`),
    '',
    "'stint <command> --help' says what a command takes; 'stint --version' which version this is.",
    'Results and errors in JSON go to standard output, everything else to standard error.',
    'Exit status: 0 success, 1 failure, 2 a command line that makes no sense.',
    '',
  ].join('\n')
}

/** With the stack where it is nobody's mistake but ours. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return 'code' in error ? error.message : (error.stack ?? error.message)
}
