// `npm test`: installs, builds, and runs every check; ends with the tests' summary and one closing line,
// `N passed, N failed`, in which each check counts as one. Exits non-zero when anything failed.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { build, install, main, pnpm } from './workspace.mjs'

const full = process.env.STINT_FULL === '1'

const checks = [
  ['typecheck', () => pnpm(['run', '--silent', 'typecheck', '--output-logs=errors-only'])],
  ['lint', () => pnpm(['run', '--silent', 'lint'])],
  ['imports', () => pnpm(['run', '--silent', 'check:imports'])],
  ['packs', () => pnpm(['run', '--silent', 'check:packs'])],
]
if (full) {
  checks.push(
    ['unused code', () => pnpm(['run', '--silent', 'check:unused'])],
    ['sizes', () => pnpm(['run', '--silent', 'size'])],
    ['every Node', () => pnpm(['run', '--silent', 'check:nodes'])],
  )
}

/** Runs one step under a heading; whether it succeeded. */
function step(name, work) {
  const start = performance.now()
  console.log(`\n── ${name}`)
  try {
    work()
    console.log(`── ${name}: ok, ${seconds(start)}`)
    return true
  } catch (error) {
    console.log(`── ${name}: failed, ${seconds(start)}\n   ${error.message}`)
    return false
  }
}

const seconds = start => `${((performance.now() - start) / 1000).toFixed(1)} s`

/** Runs the tests; how many passed, failed and were skipped. */
function tests() {
  const folder = mkdtempSync(join(tmpdir(), 'stint-test-'))
  const report = join(folder, 'report.json')
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  try {
    const ok = step('tests', () => pnpm(['exec', 'vitest', 'run', ...reporters]))
    const {
      numPassedTests: passed,
      numFailedTests,
      numPendingTests: skipped,
      testResults,
    } = readReport(report)
    // A file that does not even load has no failed test of its own.
    const broken = testResults.filter(file => file.status === 'failed' && file.assertionResults.length === 0)
    const failed = numFailedTests + broken.length
    return { passed, failed: ok ? failed : Math.max(failed, 1), skipped }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function readReport(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, testResults: [] }
  }
}

/** The closing line. */
function close({ passed, failed, skipped = 0 }) {
  console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
  process.exitCode = failed > 0 ? 1 : 0
}

main(() => {
  if (!step('install', install) || !step('build', build)) return close({ passed: 0, failed: 1 })
  const failures = checks.filter(([name, check]) => !step(name, check))
  const { passed, failed, skipped } = tests()
  for (const [name] of failures) console.log(`── ${name}: failed, see above`)
  close({ passed: passed + checks.length - failures.length, failed: failed + failures.length, skipped })
})
