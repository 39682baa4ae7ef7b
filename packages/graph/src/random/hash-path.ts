/** 64-bit key of a layer path: FNV-1a over its UTF-8 bytes, as two 32-bit words, low first. */
export function hashPath(path: string): readonly [low: number, high: number] {
  let hash = 0xcbf29ce484222325n
  for (const byte of new TextEncoder().encode(path))
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n)
  return [Number(hash & 0xffffffffn), Number(hash >> 32n)]
}
