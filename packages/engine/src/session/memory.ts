import { StintError } from '@stint/graph'

/** A budget: bytes, a size with a unit (`'24 MiB'`, `'1.5 MB'`), a share of the unconstrained peak (`'40%'`), or `'none'`. */
export type Memory = number | string

export type Budget = { readonly bytes: number } | { readonly fraction: number } | 'none'

const units: { readonly [unit: string]: number } = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
}

/** Reads a budget. Throws BudgetSyntaxError (`BAD_MEMORY`) for anything else. */
export function parseMemory(memory: Memory): Budget {
  if (typeof memory === 'number') {
    if (Number.isSafeInteger(memory) && memory > 0) return { bytes: memory }
    throw bad(String(memory))
  }
  const text = memory.trim()
  if (text.toLowerCase() === 'none') return 'none'
  const found = /^(\d+(?:\.\d+)?|\.\d+)\s*(%|[a-z]*)$/i.exec(text)
  if (found === null) throw bad(memory)
  const amount = Number(found[1])
  if (found[2] === '%') {
    if (amount > 0) return { fraction: amount / 100 }
    throw bad(memory)
  }
  const unit = units[(found[2] === '' ? 'b' : found[2]!).toLowerCase()]
  if (unit === undefined || !(amount * unit >= 1)) throw bad(memory)
  return { bytes: Math.floor(amount * unit) }
}

function bad(got: string): StintError {
  return new StintError('BAD_MEMORY', 'not a memory budget', {
    expected: "a number of bytes, a size such as '24 MiB' or '1.5 MB', a share such as '40%', or 'none'",
    got: `'${got}'`,
  })
}

/** `1.57 MiB`. */
export function showBytes(bytes: number): string {
  for (const [unit, name] of [
    [2 ** 30, 'GiB'],
    [2 ** 20, 'MiB'],
    [2 ** 10, 'KiB'],
  ] as const)
    if (bytes >= unit) return `${(bytes / unit).toFixed(2)} ${name}`
  return `${bytes} B`
}
