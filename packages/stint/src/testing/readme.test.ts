import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test, vi } from 'vitest'

const read = (path: string) => readFileSync(fileURLToPath(new URL(path, import.meta.url)), 'utf8')

test.each([
  ['network', '../../../../README.md', /accuracy/],
  ['function', '../../README.md', /^energy [\d.]+, 512 derivatives, in \d+ bytes$/],
  ['digits', '../../../train/README.md', /^\d+ bytes, test accuracy 0\.9\d+$/],
])('the example "%s" is in %s as it is here, and runs', async (name, readme, last) => {
  expect(read(readme)).toContain(`\`\`\`ts\n${read(`examples/${name}.ts`)}\`\`\``)
  const log = vi.spyOn(console, 'log').mockImplementation(() => {})
  await import(`./examples/${name}.ts`)
  const said = log.mock.calls
    .at(-1)!
    .map(x => (typeof x === 'string' ? x : JSON.stringify(x)))
    .join(' ')
  log.mockRestore()
  expect(said).toMatch(last)
})
