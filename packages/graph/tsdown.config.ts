import { defineConfig } from 'tsdown'
import { library } from '../../tsdown.base.ts'

export default defineConfig({ ...library, entry: { index: 'src/index.ts', testing: 'src/testing/index.ts' } })
