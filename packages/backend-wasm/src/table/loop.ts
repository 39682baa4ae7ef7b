import { type FunctionBuilder, type Local, ModuleBuilder, type ValType } from '../asm/index.ts'
import { phaseParams } from '../compile.ts'
import { branchHead, moveHead, repeatHead, runHead } from './layout.ts'

export interface LoopOptions {
  readonly shared: boolean
  /** Code that waits until all parts have finished a phase; nothing on one thread. */
  readonly barrier?: (f: FunctionBuilder) => void
  /** Functions that the barrier calls: declared as imports of the module, by index from 0. */
  readonly imports?: readonly {
    readonly module: string
    readonly name: string
    readonly params: readonly ValType[]
    readonly results: readonly ValType[]
  }[]
}

/** Parameters of the exported `run`: the entries from `at` to before `end`, `part` of `parts`, where the header is. */
const runParams: readonly ValType[] = ['i32', 'i32', 'i32', 'i32', 'i32']

/**
 * The loop that walks a step table, as a module: `run(at, end, part, parts, header)` runs the entries from byte address
 * `at` to before `end`. It imports `env.memory` and `env.table`, the function table with the phases.
 */
export function encodeLoop({ shared, barrier, imports = [] }: LoopOptions): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder()
    .importMemory(shared ? { minPages: 1, maxPages: 65536, shared } : { minPages: 1 })
    .importTable({ min: 0 })
  for (const { module: from, name, params, results } of imports)
    module.importFunction(from, name, params, results)
  const phaseType = module.type(phaseParams)
  const { index, code } = module.function(runParams)
  new LoopCode(code, index, phaseType, barrier).emit()
  return module.exportFunction('run', index).encode()
}

class LoopCode {
  readonly #f: FunctionBuilder
  readonly #self: number
  readonly #phaseType: number
  readonly #barrier: ((f: FunctionBuilder) => void) | undefined
  readonly #at: Local
  readonly #end: Local
  readonly #part: Local
  readonly #parts: Local
  readonly #header: Local

  constructor(f: FunctionBuilder, self: number, phaseType: number, barrier?: (f: FunctionBuilder) => void) {
    this.#f = f
    this.#self = self
    this.#phaseType = phaseType
    this.#barrier = barrier
    const [at, end, part, parts, header] = f.params as [Local, Local, Local, Local, Local]
    this.#at = at
    this.#end = end
    this.#part = part
    this.#parts = parts
    this.#header = header
  }

  emit(): void {
    const f = this.#f
    f.block(done => {
      f.loop(top => {
        f.get(this.#at).get(this.#end).op('i32.ge_u').brIf(done)
        f.get(this.#header)
        this.#word(this.#at, 2).mem('i32.store', 0, 2)
        f.block(next => {
          f.block(branch => {
            f.block(repeat => {
              f.block(move => {
                f.block(run => {
                  this.#word(this.#at, 0).brTable([run, move, repeat], branch)
                })
                this.#phases(() =>
                  f
                    .get(this.#at)
                    .i32(4 * runHead)
                    .op('i32.add'),
                )
                f.br(next)
              })
              this.#move()
              f.br(next)
            })
            this.#repeat()
            f.br(next)
          })
          this.#branch()
        })
        f.get(this.#at)
        this.#word(this.#at, 1).op('i32.add').set(this.#at)
        f.br(top)
      })
    })
  }

  /** Pushes word `index` at the address. */
  #word(at: Local, index: number): FunctionBuilder {
    return this.#f.get(at).mem('i32.load', 4 * index, 2)
  }

  /** Calls all phases of the entry with the record that `record` pushes. */
  #phases(record: () => void): void {
    const f = this.#f
    const [fn, last] = [f.local('i32'), f.local('i32')]
    this.#word(this.#at, 3).tee(fn)
    this.#word(this.#at, 4).op('i32.add').set(last)
    f.block(done => {
      f.loop(top => {
        f.get(fn).get(last).op('i32.ge_u').brIf(done)
        record()
        f.get(this.#part).get(this.#parts).get(fn).callIndirect(this.#phaseType)
        this.#barrier?.(f)
        f.increment(fn, 1).br(top)
      })
    })
    f.release(fn, last)
  }

  /** Writes the record: only part 0 does where several run at once, and the others wait for it. */
  #move(): void {
    const f = this.#f
    const [from, record, to, stop] = [f.local('i32'), f.local('i32'), f.local('i32'), f.local('i32')]
    f.get(this.#at)
      .i32(4 * moveHead)
      .op('i32.add')
      .set(from)
    f.get(from)
    this.#word(this.#at, 6).i32(1).op('i32.add')
    this.#word(this.#at, 5).op('i32.mul').i32(2).op('i32.shl').op('i32.add').tee(record).set(to)
    const fill = () => {
      f.get(this.#at)
      this.#word(this.#at, 1).op('i32.add').set(stop)
      f.block(done => {
        f.loop(top => {
          f.get(to).get(stop).op('i32.ge_u').brIf(done)
          f.get(to)
          this.#address(from, () => this.#word(this.#at, 6))
          f.mem('i32.store', 0, 2)
          f.increment(to, 4).br(top)
        })
      })
    }
    if (this.#barrier === undefined) fill()
    else {
      f.get(this.#part).op('i32.eqz').if(fill)
      this.#barrier(f)
    }
    this.#phases(() => f.get(record))
    f.release(from, record, to, stop)
  }

  /** Pushes base + Σ stride · counter; moves `from` behind the strides. */
  #address(from: Local, depth: () => void): void {
    const f = this.#f
    const [sum, counter, last] = [f.local('i32'), f.local('i32'), f.local('i32')]
    this.#word(from, 0).set(sum)
    f.increment(from, 4)
    f.get(this.#header).tee(counter)
    depth()
    f.i32(2).op('i32.shl').op('i32.add').set(last)
    f.block(done => {
      f.loop(top => {
        f.get(counter).get(last).op('i32.ge_u').brIf(done)
        f.get(sum)
        this.#word(from, 0)
        this.#word(counter, 1).op('i32.mul').op('i32.add').set(sum)
        f.increment(from, 4).increment(counter, 4).br(top)
      })
    })
    f.get(sum).release(sum, counter, last)
  }

  /** Each thread counts for itself; the header's counters are all set to the same by part 0. */
  #repeat(): void {
    const f = this.#f
    const turn = f.local('i32')
    f.i32(0).set(turn)
    f.block(done => {
      f.loop(top => {
        f.get(turn)
        this.#word(this.#at, 3).op('i32.ge_u').brIf(done)
        const count = () => {
          f.get(this.#header)
          this.#word(this.#at, 4).i32(2).op('i32.shl').op('i32.add')
          f.get(turn).mem('i32.store', 4, 2)
        }
        if (this.#barrier === undefined) count()
        else {
          f.get(this.#part).op('i32.eqz').if(count)
          this.#barrier(f)
        }
        f.get(this.#at)
          .i32(4 * repeatHead)
          .op('i32.add')
        f.get(this.#at)
        this.#word(this.#at, 1).op('i32.add')
        this.#recurse()
        f.increment(turn, 1).br(top)
      })
    })
    f.release(turn)
  }

  #branch(): void {
    const f = this.#f
    const [from, start, middle, end] = [f.local('i32'), f.local('i32'), f.local('i32'), f.local('i32')]
    f.get(this.#at)
      .i32(4 * (branchHead - 1))
      .op('i32.add')
      .set(from)
    f.get(this.#at)
    this.#word(this.#at, 1).op('i32.add').set(end)
    this.#address(from, () => this.#word(this.#at, 4))
    f.mem('i32.load8_u')
    f.get(from).tee(start)
    this.#word(this.#at, 3).op('i32.add').set(middle)
    f.if(
      () => {
        f.get(start).get(middle)
        this.#recurse()
      },
      () => {
        f.get(middle).get(end)
        this.#recurse()
      },
    )
    f.release(from, start, middle, end)
  }

  /** With start and end on the stack. */
  #recurse(): void {
    this.#f.get(this.#part).get(this.#parts).get(this.#header).call(this.#self)
  }
}
