import { defineConfig } from 'tsdown'
import { library, nodeLibrary } from '../../tsdown.base.ts'

export default defineConfig([
  { ...library, entry: { index: 'src/index.ts', conformance: 'src/conformance/index.ts' } },
  { ...nodeLibrary, entry: ['src/cli.ts'] },
])
