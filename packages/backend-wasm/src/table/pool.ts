import { type FunctionBuilder, type Label, type Local, ModuleBuilder } from '../asm/index.ts'
import { phaseParams } from '../compile.ts'
import { control, controlLine } from './control.ts'
import { emitWalk, type Position } from './walk.ts'

/**
 * Takes part in run `run` as thread `slot` of `slots`, until it has ended: 1 if this thread came to the end of it. A
 * thread without work looks for it `spins` times, then sleeps.
 */
export type PoolLoop = (control: number, slot: number, slots: number, run: number, spins: number) => number

/** Looks so many times for work that is not there: how long that takes says how often to look. */
export type PoolSpin = (control: number, spins: number) => void

/** Index in the function table of a phase that does nothing: a run begins with it. */
export const idlePhase = 0

/**
 * The loop of several threads over one step table, as a module. It exports `work`, a `PoolLoop`, `spin`, a `PoolSpin`,
 * and `idle`, which belongs at `idlePhase` of the function table; it imports `env.memory` and `env.table`.
 */
export function encodePool({ shared }: { readonly shared: boolean }): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder()
    .importMemory(shared ? { minPages: 1, maxPages: 65536, shared } : { minPages: 1 })
    .importTable({ min: 0 })
  const phaseType = module.type(phaseParams)
  const idle = module.function(phaseParams)
  const advance = module.function(['i32', 'i32', 'i32'], ['i32'])
  emitAdvance(advance.code, phaseType)
  const wait = module.function(['i32', 'i32', 'i32'])
  emitWait(wait.code)
  const work = module.function(['i32', 'i32', 'i32', 'i32', 'i32'], ['i32'])
  emitWork(work.code, { phaseType, advance: advance.index, wait: wait.index })
  const spin = module.function(['i32', 'i32'])
  emitSpin(spin.code)
  return module
    .exportFunction('idle', idle.index)
    .exportFunction('work', work.index)
    .exportFunction('spin', spin.index)
    .encode()
}

const saved = ['at', 'last', 'record', 'share'] as const

/**
 * advance(control, slot, slots): walks on from the current phase, doing what one thread does alone, until there is a
 * phase to offer (0) or the run has ended (1; 0 if it was ended from outside).
 */
function emitAdvance(f: FunctionBuilder, phaseType: number): void {
  const [block, slot, slots] = f.params as [Local, Local, Local]
  const load = (key: keyof typeof control) => f.get(block).mem('i32.load', control[key], 2)
  const local = (key: keyof typeof control): Local => {
    const of = f.local('i32')
    load(key).set(of)
    return of
  }
  const position: Position = {
    at: local('at'),
    end: local('end'),
    header: local('header'),
    fn: local('fn'),
    last: local('last'),
    record: local('record'),
    share: local('share'),
  }
  const { fn, record, share } = position
  f.increment(fn, 1)
  const wake = () => {
    f.get(block).i32(1).mem('i32.atomic.rmw.add', control.epoch).op('drop')
    f.get(block)
      .mem('i32.atomic.load', control.sleepers)
      .if(() => f.get(block).i32(-1).mem('memory.atomic.notify', control.epoch).op('drop'))
  }
  const offer = () => {
    f.get(block).get(fn).mem('i32.store', control.fn, 2)
    for (const key of saved) f.get(block).get(position[key]).mem('i32.store', control[key], 2)
    f.get(block).get(share).get(slots).op('i32.mul').mem('i32.atomic.store', control.pending)
    const [line, left] = [f.local('i32'), f.local('i32')]
    f.get(block).set(line).get(slots).set(left)
    f.loop(top => {
      f.get(line).get(share).mem('i32.atomic.store', control.untaken)
      f.increment(line, controlLine).increment(left, -1).get(left).brIf(top)
    })
    f.release(line, left)
    wake()
    f.i32(0).op('return')
  }
  emitWalk(f, position, {
    each: () => {
      hasEnded(f, block, () => load('run'))
      f.if(() => f.i32(0).op('return'))
    },
    phase: () =>
      f.get(share).if(offer, () => {
        f.get(record).i32(0).i32(1).get(slot).get(fn).callIndirect(phaseType)
      }),
    end: () => {
      f.get(block)
      load('run').mem('i32.atomic.store', control.ended)
      wake()
      f.i32(1).op('return')
    },
  })
  f.op('unreachable')
}

/** Pushes whether run `run` has ended: run numbers wrap around. */
function hasEnded(f: FunctionBuilder, block: Local, run: () => void): void {
  f.get(block).mem('i32.atomic.load', control.ended)
  run()
  f.op('i32.sub').i32(0).op('i32.ge_s')
}

interface WorkParts {
  readonly phaseType: number
  readonly advance: number
  readonly wait: number
}

function emitWork(f: FunctionBuilder, { phaseType, advance, wait }: WorkParts): void {
  const [block, slot, slots, run, spins] = f.params as [Local, Local, Local, Local, Local]
  const [epoch, turn, owner, line, left] = [
    f.local('i32'),
    f.local('i32'),
    f.local('i32'),
    f.local('i32'),
    f.local('i32'),
  ]
  const load = (key: keyof typeof control) => f.get(block).mem('i32.load', control[key], 2)
  /** Runs part (owner + 1) · share − left, of slots · share. */
  const runPart = () => {
    load('record').get(owner).i32(1).op('i32.add')
    load('share').op('i32.mul').get(left).op('i32.sub').get(slots)
    load('share').op('i32.mul').get(slot)
    load('fn').callIndirect(phaseType)
    f.get(block).i32(1).mem('i32.atomic.rmw.sub', control.pending).i32(1).op('i32.eq')
    f.if(() => {
      f.get(block)
        .get(slot)
        .get(slots)
        .call(advance)
        .if(() => f.i32(1).op('return'))
    })
  }
  f.loop(top => {
    hasEnded(f, block, () => f.get(run))
    f.if(() => f.i32(0).op('return'))
    f.get(block).mem('i32.atomic.load', control.epoch).set(epoch)
    f.i32(0).set(turn).get(slot).set(owner)
    f.loop(next => {
      f.get(block).get(owner).i32(controlLine).op('i32.mul').op('i32.add').tee(line)
      f.mem('i32.atomic.load', control.untaken).i32(0).op('i32.gt_s')
      f.if(() => {
        f.get(line).i32(1).mem('i32.atomic.rmw.sub', control.untaken).tee(left).i32(0).op('i32.gt_s')
        f.if(() => {
          runPart()
          f.br(top)
        })
      })
      f.increment(owner, 1)
      wrap(f, owner, slots)
      f.increment(turn, 1).get(turn).get(slots).op('i32.lt_u').brIf(next)
    })
    f.get(block).get(epoch).get(spins).call(wait).br(top)
  })
  f.op('unreachable')
}

/** Sets the local to 0 when it has come to the bound. */
function wrap(f: FunctionBuilder, local: Local, bound: Local): void {
  f.i32(0).get(local).get(local).get(bound).op('i32.eq').op('select').set(local)
}

/** wait(control, epoch, spins): until the epoch is another; it may return before. */
function emitWait(f: FunctionBuilder): void {
  const [block, epoch, spins] = f.params as [Local, Local, Local]
  const sleepers = (by: number) => f.get(block).i32(by).mem('i32.atomic.rmw.add', control.sleepers).op('drop')
  f.block(sleep => {
    watch(f, block, spins, sleep, () => {
      f.get(epoch)
        .op('i32.ne')
        .if(() => f.op('return'))
    })
  })
  sleepers(1)
  f.get(block).get(epoch).i64(-1n).mem('memory.atomic.wait32', control.epoch).op('drop')
  sleepers(-1)
}

/** spin(control, spins): as long as `wait` looks for work before it sleeps. */
function emitSpin(f: FunctionBuilder): void {
  const [block, spins] = f.params as [Local, Local]
  f.block(done => watch(f, block, spins, done, () => f.i32(-1).op('i32.eq').brIf(done)))
}

/** Pushes the epoch for `test`, again and again; counts `spins` down, and branches to `done` at 0. */
function watch(f: FunctionBuilder, block: Local, spins: Local, done: Label, test: () => void): void {
  f.loop(top => {
    f.get(spins).op('i32.eqz').brIf(done)
    f.get(block).mem('i32.atomic.load', control.epoch)
    test()
    f.increment(spins, -1).br(top)
  })
}
