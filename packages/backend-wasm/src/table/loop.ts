import { type Local, ModuleBuilder } from '../asm/index.ts'
import { phaseParams } from '../compile.ts'
import { emitWalk } from './walk.ts'

/** Runs the entries from byte address `at` to before `end`, of a table whose header is at `header`. */
export type RunLoop = (at: number, end: number, header: number) => void

/**
 * The loop of one thread that walks a step table, as a module: it exports `run`, a `RunLoop`, and imports `env.memory`
 * and `env.table`, the function table with the phases.
 */
export function encodeLoop(): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder().importMemory({ minPages: 1 }).importTable({ min: 0 })
  const phaseType = module.type(phaseParams)
  const { index, code: f } = module.function(['i32', 'i32', 'i32'])
  const [at, end, header] = f.params as [Local, Local, Local]
  const [fn, last] = [f.local('i32'), f.local('i32')]
  const [record, share] = [f.local('i32'), f.local('i32')]
  emitWalk(
    f,
    { at, end, header, fn, last, record, share },
    {
      phase: () => f.get(record).i32(0).i32(1).i32(0).get(fn).callIndirect(phaseType),
      end: () => f.op('return'),
    },
  )
  return module.exportFunction('run', index).encode()
}
