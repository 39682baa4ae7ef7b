import { defineConfig } from 'tsdown'
import { nodeLibrary } from '../../tsdown.base.ts'

export default defineConfig({ ...nodeLibrary, clean: true, entry: ['src/index.ts'] })
