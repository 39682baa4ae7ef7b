import { availableParallelism } from 'node:os'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { bundledThread } from './vitest.thread.ts'

const packages = fileURLToPath(new URL('packages', import.meta.url))

export default defineConfig({
  plugins: [bundledThread()],
  resolve: {
    // Tests run on the sources, so that they need no build.
    alias: [
      { find: /^stint\/conformance$/, replacement: `${packages}/stint/src/conformance/index.ts` },
      { find: /^stint$/, replacement: `${packages}/stint/src/index.ts` },
      { find: /^@stint\/([a-z-]+)\/node$/, replacement: `${packages}/$1/src/node.ts` },
      { find: /^@stint\/planner\/exact$/, replacement: `${packages}/planner/src/exact.ts` },
      { find: /^@stint\/([a-z-]+)\/testing$/, replacement: `${packages}/$1/src/testing/index.ts` },
      { find: /^@stint\/([a-z-]+)$/, replacement: `${packages}/$1/src/index.ts` },
    ],
  },
  test: {
    include: ['packages/*/src/**/*.test.ts', 'apps/*/src/**/*.test.ts', 'bench/src/**/*.test.ts'],
    // Memory is measured after a forced collection.
    execArgv: ['--expose-gc'],
    // Left alone, it leaves one core idle: on two, that doubles the time.
    maxWorkers: availableParallelism(),
    // Wide sampling takes its time.
    testTimeout: process.env.STINT_FULL === '1' ? 600_000 : 60_000,
  },
})
