import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { cpu } from '@stint/backend-cpu'
import { wasm } from '@stint/backend-wasm'
import { fit } from '@stint/train'
import { expect, test } from 'vitest'
import { loadRecipe } from '../cli/recipes.ts'
import { recipePath, root } from '../cli/testing/call.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Bytes of all array buffers that something still holds. */
async function arrayBuffers(): Promise<number> {
  // Buffers are given back a turn after the objects that held them are collected.
  for (let i = 0; i < 3; i++) {
    collect()
    await new Promise(done => setImmediate(done))
  }
  return process.memoryUsage().arrayBuffers
}

test.each([
  ['digits-mlp', cpu()],
  ['fashion-cnn', wasm()],
] as const)(
  '%s holds the arena and little else, and nothing more with every step',
  { timeout: 600_000 },
  async (name, backend) => {
    const { model, data: read, epochs: _, name: __, ...method } = await loadRecipe(recipePath(name), root)
    const { train: data, test } = await read()
    const before = await arrayBuffers()
    await using run = fit(model(), { ...method, data, test, steps: 200, backend })
    const seen: number[] = []
    for await (const { step } of run) if ([2, 3, 10, 100, 200].includes(step)) seen.push(await arrayBuffers())
    const [second, ...later] = seen
    for (const bytes of later) expect(bytes).toBeLessThanOrEqual(second!)
    expect(seen.at(-1)! - before).toBeLessThanOrEqual(run.session.arenaBytes + 256 * 1024)
    await run.evaluate()
    const judged = await arrayBuffers()
    await run.evaluate()
    expect(await arrayBuffers()).toBeLessThanOrEqual(judged)
  },
)
