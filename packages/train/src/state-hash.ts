import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import type { Session } from '@stint/engine'

/**
 * SHA-256, in hexadecimal, of all parameters, optimizer state and running statistics that the named programs keep:
 * their bytes one after the other, little-endian, paths sorted by their UTF-8 bytes.
 */
export async function stateHash(session: Session, programs: Iterable<string>): Promise<string> {
  const paths = new Set<string>()
  for (const name of programs)
    for (const { path, role } of session.program(name).tasks.graph.state)
      if (role !== undefined) paths.add(path)
  const hash = sha256.create()
  for (const path of sortedByBytes(paths)) {
    const { buffer, byteOffset, byteLength } = await session.readState(path)
    hash.update(new Uint8Array(buffer, byteOffset, byteLength))
  }
  return bytesToHex(hash.digest())
}

function sortedByBytes(texts: Iterable<string>): string[] {
  return [...texts]
    .map(text => ({ text, bytes: utf8ToBytes(text) }))
    .sort((a, b) => compareBytes(a.bytes, b.bytes))
    .map(({ text }) => text)
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length)
  for (let i = 0; i < shared; i++) if (a[i] !== b[i]) return a[i]! - b[i]!
  return a.length - b.length
}
