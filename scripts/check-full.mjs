// `pnpm check:full`: everything that `npm test` does with the long soaks, fuzzing and wide sampling of the tests turned
// on (`STINT_FULL=1`), and the checks of unused code, sizes, and equal results on every supported Node.
import process from 'node:process'

process.env.STINT_FULL = '1'
await import('./test.mjs')
