import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test, vi } from 'vitest'

const read = (path: string) => readFileSync(fileURLToPath(new URL(path, import.meta.url)), 'utf8')

test('the example of the README runs', async () => {
  expect(read('../../README.md')).toContain(`\`\`\`ts\n${read('examples/distance.ts')}\`\`\``)
  const log = vi.spyOn(console, 'log').mockImplementation(() => {})
  await import('./examples/distance.ts')
  const [value, bytes] = log.mock.calls.at(-1) as [Float32Array, number]
  log.mockRestore()
  expect(value[0]).toBe(Math.fround(Math.sqrt(250)))
  expect(bytes).toBeLessThanOrEqual(16384)
})
