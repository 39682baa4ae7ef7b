import { defineConfig } from 'tsdown'
import { nodeLibrary } from '../../tsdown.base.ts'

// One build for both entries, so that they share their modules: a DataError is the same class from either.
export default defineConfig({ ...nodeLibrary, clean: true, entry: ['src/index.ts', 'src/node.ts'] })
