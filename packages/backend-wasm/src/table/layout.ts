// The step table: 32-bit words behind the arena that the loop in WebAssembly walks. It begins with a header: the index
// of the outermost step that runs (for errors), then the loop counters, outermost first. Entries follow, one after the
// other, so that where a run has come to is one address and the counters, whichever thread goes on:
//
//   run      0, length, step, fn, count, share, record…
//   move     1, length, step, fn, count, share, addresses, depth, (base, stride × depth) × addresses, record…
//   enter    2, length, step, depth
//   again    3, length, step, depth, times, back
//   branch   4, length, step, skip, depth, base, stride × depth
//   jump     5, length, step, skip
//
// Lengths, `back` and `skip` are in bytes from the start of the entry. `fn` is the first of `count` phases in the
// function table; `share` says how many parts of a phase each thread is given, 0 that one thread does all of it. A record
// is the workspace's address, then those of the operands and results, in bytes; `move` computes it before the call.
// `enter` sets the counter of a loop to 0; `again`, behind the loop, counts and goes back unless it was the last time.
// `branch` reads the byte at its address, and skips what follows where it is 0.

export const entryKinds = { run: 0, move: 1, enter: 2, again: 3, branch: 4, jump: 5 } as const

/** Words of an entry before what its kind adds. */
export const entryHead = 3
export const runHead: number = entryHead + 3
export const moveHead: number = entryHead + 5
export const branchHead: number = entryHead + 2
