import { defineConfig } from 'tsdown'
import { library, thread } from '../../tsdown.base.ts'

export default defineConfig([{ ...library, entry: ['src/index.ts', 'src/exact.ts'] }, thread])
