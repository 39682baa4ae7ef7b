// Runs one command under every supported major of Node, and compares the results: the same seed gives the same numbers
// on each.
//
//   node scripts/check-nodes.mjs                                    (the command line's recipes, 20 steps each)
//   node scripts/check-nodes.mjs --same stateHash -- packages/stint/dist/cli.js train digits-mlp --steps 20 --json
//   node scripts/check-nodes.mjs --nodes 20,26 -- file.mjs
//
// The binaries come through npm, a package a platform, and are kept in `.cache/nodes`. With `--same`, the last line that
// each run writes to standard output is JSON, and the named field of it must be equal on all of them.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { main, root, run } from './workspace.mjs'

const cli = 'packages/stint/dist/cli.js'
// What takes plain TypeScript minutes runs in WebAssembly alone.
const recipes = [
  ['digits-mlp', 'cpu'],
  ['digits-mlp', 'worker'],
  ['fashion-cnn', 'wasm'],
  ['fashion-cnn', 'worker'],
].map(([recipe, backend]) => {
  const flags = { backend, steps: '20', seed: '1' }
  return [
    cli,
    'train',
    recipe,
    ...Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, value]),
    '--json',
  ]
})

/** The path of a Node binary of this major version, installed if it is not there yet. */
function nodeBinary(major) {
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`
  const folder = join(root, '.cache', 'nodes', major)
  const binary = join(folder, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  if (existsSync(binary)) return binary
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n')
  const flags = ['--loglevel=error', '--no-audit', '--no-fund', '--no-package-lock']
  run('npm', ['install', ...flags, `${name}@${major}`], { cwd: folder, quiet: true })
  return binary
}

/** The named field of the last line that a run wrote, which is JSON. */
function field(output, name, version) {
  const line = output.trimEnd().split('\n').at(-1)
  const value = JSON.parse(line)[name]
  if (value === undefined) throw new Error(`The result on Node ${version} has no field "${name}": ${line}`)
  return value
}

/** Runs a command under each Node; whether all agree on the field, where one is named. */
function compare(command, majors, same) {
  console.log(`\nnode ${command.join(' ')}`)
  const seen = new Set()
  for (const major of majors) {
    const binary = nodeBinary(major)
    const version = run(binary, ['--version'], { capture: true }).trim()
    const output = run(binary, command, { capture: same !== undefined })
    const value = same === undefined ? 'ok' : JSON.stringify(field(output, same, version))
    console.log(`  ${version}  ${same === undefined ? '' : `${same} `}${value}`)
    seen.add(value)
  }
  if (seen.size > 1) console.log(`  ${same} differs`)
  return seen.size === 1
}

main(() => {
  const { values, positionals } = parseArgs({
    options: { nodes: { type: 'string', default: '20,22,24,26' }, same: { type: 'string' } },
    allowPositionals: true,
  })
  const majors = values.nodes.split(',')
  const agree =
    positionals.length > 0
      ? [compare(positionals, majors, values.same)]
      : recipes.map(command => compare(command, majors, values.same ?? 'stateHash'))
  if (agree.includes(false)) process.exitCode = 1
})
