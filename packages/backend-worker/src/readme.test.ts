import { readFileSync } from 'node:fs'
import { expect, test, vi } from 'vitest'

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')

test('the example of the README is the one here, and runs', async () => {
  expect(read('../README.md')).toContain(`\`\`\`ts\n${read('testing/example.ts')}\`\`\``)
  const log = vi.spyOn(console, 'log').mockImplementation(() => undefined)
  await import('./testing/example.ts')
  const [value, bytes] = log.mock.calls.at(-1) ?? []
  log.mockRestore()
  expect(value).toEqual(Float32Array.of(Math.sqrt(250)))
  expect(bytes).toBeLessThanOrEqual(16384)
})
