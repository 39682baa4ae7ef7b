import { defineConfig } from 'tsdown'
import { library, nodeLibrary } from '../../tsdown.base.ts'

export default defineConfig([library, { ...nodeLibrary, entry: ['src/node.ts'] }])
