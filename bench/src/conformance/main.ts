import { parseArgs } from 'node:util'
import { StintError } from 'stint'
import {
  type ConformanceReport,
  type Executor,
  loadSuite,
  reference,
  runConformance,
  throughEngine,
} from 'stint/conformance'
import { backendNames, isThreaded, loadBackend } from '../backends.ts'
import { readFolder } from './folder.ts'

/** Where lines go: results and errors to `out`, everything else to `err`. */
export interface Output {
  readonly out: (line: string) => void
  readonly err: (line: string) => void
}

const names = ['reference', ...backendNames]

async function executorOf(name: string, threads: number | undefined): Promise<Executor> {
  if (name === 'reference') return reference()
  if (!names.includes(name))
    throw new StintError('USAGE', `there is no backend '${name}'`, { expected: names.join(', ') })
  if (threads !== undefined && !isThreaded(name))
    throw new StintError('USAGE', '--threads needs a backend with threads', { got: `'${name}'` })
  return throughEngine(await loadBackend(name, threads))
}

const help = `conformance --dir <folder> --backend <name> [--threads <n>] [--only <text>] [--json]

Runs the cases of a folder of reference values, outputs and gradients, each judged by its own tolerances.

  --dir <folder>     holds index.json and its safetensors files (default: reference)
  --backend <name>   ${names.join(', ')} (default: cpu); reference is the plain evaluator, without the engine
  --threads <n>      threads of the worker backend
  --only <text>      only cases whose id or group begins with it
  --json             ends with one line: {passed, failed, unsupported, failures}

Exits with 1 if a case failed, with 2 if the cases could not be run.`

/** The command line: gives the exit code. */
export async function main(args: readonly string[], output: Output): Promise<number> {
  const json = args.includes('--json')
  try {
    const options = parse(args)
    if (options.help) {
      output.out(help)
      return 0
    }
    const report = await run(options, output)
    if (json) output.out(JSON.stringify(report))
    else output.out(summary(report))
    return report.failed > 0 ? 1 : 0
  } catch (error) {
    const code = error instanceof StintError ? error.code : 'UNEXPECTED'
    const message = error instanceof Error ? error.message : String(error)
    output.out(json ? JSON.stringify({ error: { code, message } }) : `conformance: ${message}`)
    return 2
  }
}

interface Options {
  readonly dir: string
  readonly backend: string
  readonly only: string
  readonly threads: string | undefined
  readonly help: boolean
}

function parse(args: readonly string[]): Options {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        dir: { type: 'string', default: 'reference' },
        backend: { type: 'string', default: 'cpu' },
        only: { type: 'string', default: '' },
        threads: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
    return { ...values, threads: values.threads }
  } catch (error) {
    throw new StintError('USAGE', (error as Error).message, { hint: 'See conformance --help.' })
  }
}

async function run({ dir, backend, only, threads }: Options, output: Output): Promise<ConformanceReport> {
  if (threads !== undefined && !/^[1-9]\d*$/.test(threads))
    throw new StintError('USAGE', '--threads is not usable', {
      expected: 'a whole number of at least 1',
      got: threads,
    })
  const executor = await executorOf(backend, threads === undefined ? undefined : Number(threads))
  const suite = loadSuite(await readFolder(dir))
  const report = await runConformance(suite, executor, {
    only: c => c.id.startsWith(only) || c.group.startsWith(only),
    onCase: (c, outcome) => {
      if (outcome.kind === 'unsupported') output.err(`unsupported ${c.id}: ${outcome.reason}`)
      if (outcome.kind === 'failed')
        for (const f of outcome.failures) output.err(`failed ${f.id} (${f.dtype}): ${f.message}`)
    },
  })
  if (report.passed + report.failed + report.unsupported === 0)
    throw new StintError('USAGE', `no case begins with '${only}'`)
  return report
}

function summary({ passed, failed, unsupported }: ConformanceReport): string {
  return `${passed} passed, ${failed} failed, ${unsupported} unsupported`
}
