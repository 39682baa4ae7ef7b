// The step table: 32-bit words behind the arena that the loop in WebAssembly walks. It begins with a header: the index
// of the outermost step that runs (for errors), then the loop counters, outermost first. Entries follow:
//
//   run      0, length, step, fn, count, record…
//   move     1, length, step, fn, count, addresses, depth, (base, stride × depth) × addresses, record…
//   repeat   2, length, step, times, depth, entries…
//   branch   3, length, step, then length, depth, base, stride × depth, entries of then…, entries of else…
//
// Lengths are in bytes and include the whole entry. `fn` is the first of `count` phases in the function table. A record
// is the workspace's address, then those of the operands and results, in bytes; `move` computes it before the call. A
// branch reads the byte at its address.

export const entryKinds = { run: 0, move: 1, repeat: 2, branch: 3 } as const

/** Words of an entry before what its kind adds. */
export const entryHead = 3
export const runHead: number = entryHead + 2
export const moveHead: number = entryHead + 4
export const repeatHead: number = entryHead + 2
export const branchHead: number = entryHead + 3
