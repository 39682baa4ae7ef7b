import { expect, test } from 'vitest'
import { isThreaded, loadBackend } from './backends.ts'

test('backends are loaded by name', async () => {
  expect((await loadBackend('cpu')).name).toBe('cpu')
  expect(isThreaded('worker')).toBe(true)
  await expect(loadBackend('gpu')).rejects.toThrow(/no backend 'gpu'.*cpu, wasm, worker/)
})
