// Packs every package as it would be published, and uses each tarball as a stranger would: linted by publint and
// attw, installed in an empty project with the tarballs of the workspace packages it needs and nothing else, every entry
// of its `exports` imported, every command of its `bin` asked for help. pnpm installs strictly: a package that imports
// what it does not declare fails here.
//
//   node scripts/check-packs.mjs [name ...]      (all packages unless named; built first)
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { bin, build, CommandError, main, packages, pnpm, run } from './workspace.mjs'

const all = packages()
const byName = new Map(all.map(({ manifest }) => [manifest.name, manifest]))

/** What a package needs of the workspace, itself included, at any depth. */
function closure(name, seen = new Set()) {
  if (seen.has(name)) return seen
  seen.add(name)
  for (const dependency of Object.keys(byName.get(name).dependencies ?? {})) {
    if (byName.has(dependency)) closure(dependency, seen)
  }
  return seen
}

const tarballName = ({ name, version }) => `${name.replace('@', '').replace('/', '-')}-${version}.tgz`

/** The specifiers under which a package's code can be imported. */
const specifiers = ({ name, exports }) =>
  Object.keys(exports)
    .filter(entry => !entry.endsWith('.json'))
    .map(entry => name + entry.slice(1))

/** Lints one tarball: its manifest, its files, and its types as each kind of importer resolves them. */
function lint(tarball) {
  run(bin('publint'), ['run', tarball, '--strict'], { quiet: true })
  run(bin('attw'), [tarball, '--profile', 'esm-only', '--no-emoji'], { quiet: true })
}

/** The manifest of an empty project that installs a package, and what that needs of the workspace, from tarballs. */
function emptyProject(name, tarballs) {
  const files = [...closure(name)].map(needed => [
    needed,
    `file:${join(tarballs, tarballName(byName.get(needed)))}`,
  ])
  const overrides = Object.fromEntries(files)
  return { private: true, type: 'module', dependencies: { [name]: overrides[name] }, pnpm: { overrides } }
}

/** Installs one package in an empty project, and imports and runs what it offers. */
function tryOut(manifest, tarballs, project) {
  mkdirSync(project)
  writeFileSync(join(project, 'package.json'), JSON.stringify(emptyProject(manifest.name, tarballs)))
  pnpm(['install', '--ignore-workspace', '--ignore-scripts', '--prefer-offline'], {
    cwd: project,
    quiet: true,
  })

  const imports = specifiers(manifest).map(specifier => `await import('${specifier}')`)
  run(process.execPath, ['--input-type=module', '--eval', imports.join('\n')], { cwd: project, quiet: true })
  for (const command of Object.keys(manifest.bin ?? {})) {
    run(join(project, 'node_modules', '.bin', command), ['--help'], { cwd: project, quiet: true })
  }
}

/** Whether one package passes, with a line on standard output. */
function check(manifest, folder) {
  const start = performance.now()
  try {
    lint(join(folder, tarballName(manifest)))
    tryOut(manifest, folder, join(folder, tarballName(manifest).replace('.tgz', '')))
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    console.log(`${manifest.name}: ${error.message}`)
    return false
  }
  console.log(
    `${manifest.name}: packs, installs, imports (${((performance.now() - start) / 1000).toFixed(1)} s)`,
  )
  return true
}

main(() => {
  const names = process.argv.slice(2)
  const chosen = all.filter(({ manifest }) => names.length === 0 || names.includes(manifest.name))
  const unknown = names.filter(name => !byName.has(name))
  if (unknown.length > 0)
    throw new Error(
      `No package is called ${unknown.join(', ')}. There are: ${[...byName.keys()].join(', ')}.`,
    )

  build()
  const folder = mkdtempSync(join(tmpdir(), 'stint-packs-'))
  try {
    for (const { dir } of all) pnpm(['pack', '--pack-destination', folder], { cwd: dir, quiet: true })
    const passed = chosen.map(({ manifest }) => check(manifest, folder))
    if (passed.includes(false)) process.exitCode = 1
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
