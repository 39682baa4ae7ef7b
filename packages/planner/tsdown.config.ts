import { defineConfig } from 'tsdown'
import { library, thread } from '../../tsdown.base.ts'

export default defineConfig([library, thread])
