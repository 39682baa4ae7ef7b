// What the scripts share: the root, running a command, and finding pnpm. Plain Node without dependencies, since they
// run before anything is installed.
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

/** The folder of the workspace. */
export const root = fileURLToPath(new URL('..', import.meta.url))

const windows = process.platform === 'win32'

/** The contents of a JSON file, by its path from the root. */
export const readJson = path => JSON.parse(readFileSync(join(root, path), 'utf8'))

/** Thrown by `run`: which command failed, and with what status. */
export class CommandError extends Error {
  constructor(command, status) {
    super(`\`${command}\` failed with exit code ${status}.`)
    this.name = 'CommandError'
    this.status = status
  }
}

/**
 * Runs a command from the root, or `cwd`, its output going where this process's goes; throws `CommandError` when it
 * fails. `capture` returns standard output instead, `stdout` sends it elsewhere, `quiet` drops both streams unless it
 * fails.
 */
export function run(
  command,
  args,
  { cwd = root, env = process.env, stdout = 'inherit', capture = false, quiet = false } = {},
) {
  const { status, error, ...output } = spawnSync(command, args, {
    cwd,
    env,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    shell: windows && command !== process.execPath,
    stdio: ['ignore', capture || quiet ? 'pipe' : stdout, quiet ? 'pipe' : 'inherit'],
  })
  if (error !== undefined) throw error
  if (status === 0) return output.stdout ?? ''
  if (quiet) process.stderr.write(`${output.stdout}${output.stderr}`)
  throw new CommandError([command, ...args].join(' '), status)
}

/** Runs the workspace's pnpm: the one on the PATH where its version is the right one, else npm brings it. */
export function pnpm(args, options) {
  const [command, ...prefix] = pnpmCommand()
  return run(command, [...prefix, ...args], options)
}

let found
function pnpmCommand() {
  found ??= findPnpm()
  return found
}

function findPnpm() {
  const wanted = readJson('package.json').packageManager
  const { status, stdout } = spawnSync('pnpm', ['--version'], { cwd: root, encoding: 'utf8', shell: windows })
  if (status === 0 && `pnpm@${stdout.trim()}` === wanted) return ['pnpm']
  return ['npm', 'exec', '--yes', '--prefer-offline', '--loglevel=error', `--package=${wanted}`, '--', 'pnpm']
}

/** The path of a command that the workspace has installed. */
export const bin = name => join(root, 'node_modules', '.bin', name)

/** Installs exactly what the lockfile says, in place of modules from another store: nobody is there to be asked. */
export const install = options =>
  pnpm(['install', '--frozen-lockfile', '--prefer-offline', '--config.confirmModulesPurge=false'], options)

/** Builds every package. */
export const build = options => pnpm(['run', '--silent', 'build', '--output-logs=errors-only'], options)

/** Runs a script's work; a command that failed has said why, so its exit code is all that is left to pass on. */
export function main(work) {
  try {
    work()
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exitCode = error.status ?? 1
  }
}

/** The publishable packages: `{ dir, manifest }`, `dir` from the root. */
export function packages() {
  return readdirSync(join(root, 'packages'), { withFileTypes: true })
    .filter(entry => entry.isDirectory())
    .map(entry => ({
      dir: `packages/${entry.name}`,
      manifest: readJson(`packages/${entry.name}/package.json`),
    }))
}
