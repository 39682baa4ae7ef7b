import { createHash } from 'node:crypto'
import type { Session } from '@stint/engine'
import type { StateRole } from '@stint/graph'
import { expect, test } from 'vitest'
import { stateHash } from './state-hash.ts'

/** As much of a session as is hashed. */
function sessionOf(programs: {
  readonly [name: string]: readonly { readonly path: string; readonly role?: StateRole }[]
}): Session {
  return {
    program: (name: string) => ({ tasks: { graph: { state: programs[name] } } }),
    readState: async (path: string) => Float32Array.from(path, c => c.codePointAt(0)!),
  } as unknown as Session
}

const sha256 = (...arrays: Float32Array[]) => {
  const hash = createHash('sha256')
  for (const a of arrays) hash.update(new Uint8Array(a.buffer))
  return hash.digest('hex')
}

const bytesOf = (path: string) => Float32Array.from(path, c => c.codePointAt(0)!)

test('hashes the bytes of parameters, optimizer state and statistics, and nothing else', async () => {
  const session = sessionOf({
    train: [{ path: 'b', role: 'optimizer' }, { path: 'step' }, { path: 'a', role: 'parameter' }],
    evaluate: [
      { path: 'a', role: 'parameter' },
      { path: 'c', role: 'statistic' },
    ],
  })
  expect(await stateHash(session, ['train', 'evaluate'])).toBe(sha256(...['a', 'b', 'c'].map(bytesOf)))
})

test('paths are in the order of their UTF-8 bytes', async () => {
  // UTF-16 would put the last of them, a pair of surrogates, before the one at its left.
  const paths = ['10.w', '9.w', 'Z', 'a', 'aa', 'é', '\uffee', '😀']
  const session = sessionOf({ train: [...paths].reverse().map(path => ({ path, role: 'parameter' })) })
  expect(await stateHash(session, ['train'])).toBe(sha256(...paths.map(bytesOf)))
})
