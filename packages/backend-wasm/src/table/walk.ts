import type { FunctionBuilder, Label, Local } from '../asm/index.ts'
import { branchHead, entryHead, moveHead, runHead } from './layout.ts'

/** Where a walk of the step table has come to. */
export interface Position {
  /** Address of the next entry, and of the first that is not to run. */
  readonly at: Local
  readonly end: Local
  /** Address of the table's header. */
  readonly header: Local
  /** Phases of the current entry that are still to run: from `fn` to before `last`. */
  readonly fn: Local
  readonly last: Local
  /** Of the current entry: address of its record, and parts of a phase for each thread. */
  readonly record: Local
  readonly share: Local
}

/** What happens on the way. */
export interface Stops {
  /** Before each phase and each entry. */
  readonly each?: () => void
  /** At the phase `fn`: runs it, or returns. */
  readonly phase: () => void
  /** After the last entry: returns. */
  readonly end: () => void
}

/** Emits the walk of a step table from a position on. */
export function emitWalk(f: FunctionBuilder, position: Position, stops: Stops): void {
  new Walk(f, position).emit(stops)
}

class Walk {
  readonly #f: FunctionBuilder
  readonly #p: Position

  constructor(f: FunctionBuilder, position: Position) {
    this.#f = f
    this.#p = position
  }

  emit({ each, phase, end }: Stops): void {
    const f = this.#f
    const { at, fn, last, header } = this.#p
    f.loop(top => {
      each?.()
      f.get(fn)
        .get(last)
        .op('i32.lt_u')
        .if(() => {
          phase()
          f.increment(fn, 1).br(top)
        })
      f.get(at).get(this.#p.end).op('i32.ge_u').if(end)
      f.get(header)
      this.#word(2).mem('i32.store', 0, 2)
      this.#switch(
        () => this.#word(0),
        [
          () => this.#run(),
          () => this.#move(),
          () => this.#enter(),
          () => this.#again(),
          () => this.#branch(),
          () => this.#skip(entryHead),
        ],
      )
      f.br(top)
    })
  }

  /** Runs the body that `select` pushes the index of. */
  #switch(select: () => void, bodies: readonly (() => void)[]): void {
    const f = this.#f
    const open = (done: Label, labels: readonly Label[]): void => {
      const body = bodies[bodies.length - 1 - labels.length]
      if (body === undefined) {
        select()
        f.brTable(labels.toReversed(), done)
        return
      }
      f.block(label => open(done, [...labels, label]))
      body()
      f.br(done)
    }
    f.block(done => open(done, []))
  }

  /** Pushes word `index` of the entry. */
  #word(index: number): FunctionBuilder {
    return this.#f.get(this.#p.at).mem('i32.load', 4 * index, 2)
  }

  /** Pushes the entry's address plus so many words. */
  #inside(words: number): FunctionBuilder {
    return this.#f
      .get(this.#p.at)
      .i32(4 * words)
      .op('i32.add')
  }

  /** Goes forward by the bytes in word `index` of the entry. */
  #skip(index: number): void {
    this.#f.get(this.#p.at)
    this.#word(index).op('i32.add').set(this.#p.at)
  }

  #phases(): void {
    const { fn, last, share } = this.#p
    this.#word(entryHead).tee(fn)
    this.#word(entryHead + 1)
      .op('i32.add')
      .set(last)
    this.#word(entryHead + 2).set(share)
  }

  #run(): void {
    this.#phases()
    this.#inside(runHead).set(this.#p.record)
    this.#skip(1)
  }

  #move(): void {
    const f = this.#f
    const { at, record } = this.#p
    const [from, to, stop] = [f.local('i32'), f.local('i32'), f.local('i32')]
    const depth = () => this.#word(entryHead + 4)
    this.#phases()
    this.#inside(moveHead).set(from)
    f.get(from)
    depth().i32(1).op('i32.add')
    this.#word(entryHead + 3)
      .op('i32.mul')
      .i32(2)
      .op('i32.shl')
      .op('i32.add')
      .tee(record)
      .set(to)
    f.get(at)
    this.#word(1).op('i32.add').set(stop)
    f.block(done => {
      f.loop(top => {
        f.get(to).get(stop).op('i32.ge_u').brIf(done)
        f.get(to)
        this.#address(from, depth)
        f.mem('i32.store', 0, 2).increment(to, 4).br(top)
      })
    })
    f.get(stop).set(at).release(from, to, stop)
  }

  /** Pushes base + Σ stride · counter; moves `from` behind the strides. */
  #address(from: Local, depth: () => void): void {
    const f = this.#f
    const [sum, counter, last] = [f.local('i32'), f.local('i32'), f.local('i32')]
    const take = () => f.get(from).mem('i32.load', 0, 2)
    take().set(sum)
    f.increment(from, 4)
    f.get(this.#p.header).tee(counter)
    depth()
    f.i32(2).op('i32.shl').op('i32.add').set(last)
    f.block(done => {
      f.loop(top => {
        f.get(counter).get(last).op('i32.ge_u').brIf(done)
        f.get(sum)
        take().get(counter).mem('i32.load', 4, 2).op('i32.mul').op('i32.add').set(sum)
        f.increment(from, 4).increment(counter, 4).br(top)
      })
    })
    f.get(sum).release(sum, counter, last)
  }

  /** Pushes the address of the word before the counter of the entry's loop. */
  #counter(): FunctionBuilder {
    this.#f.get(this.#p.header)
    return this.#word(entryHead).i32(2).op('i32.shl').op('i32.add')
  }

  #enter(): void {
    this.#counter().i32(0).mem('i32.store', 4, 2)
    this.#skip(1)
  }

  #again(): void {
    const f = this.#f
    const { at } = this.#p
    const counter = f.local('i32')
    this.#counter().tee(counter).get(counter).mem('i32.load', 4, 2).i32(1).op('i32.add')
    f.mem('i32.store', 4, 2)
    f.get(counter).mem('i32.load', 4, 2)
    this.#word(entryHead + 1)
      .op('i32.lt_s')
      .if(
        () => {
          f.get(at)
          this.#word(entryHead + 2)
            .op('i32.sub')
            .set(at)
        },
        () => this.#skip(1),
      )
    f.release(counter)
  }

  #branch(): void {
    const f = this.#f
    const from = f.local('i32')
    this.#inside(branchHead).set(from)
    this.#address(from, () => this.#word(entryHead + 1))
    f.release(from)
    f.mem('i32.load8_u').if(
      () => this.#skip(1),
      () => this.#skip(entryHead),
    )
  }
}
