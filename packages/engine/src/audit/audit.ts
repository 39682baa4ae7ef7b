import { StintError, sizeOf, viewOf } from '@stint/graph'
import type { Arena, Backend, Runner, Target } from '../backend.ts'
import { emitUnplanned, slotBytes } from '../program/emit.ts'
import { isKernelStep, type KernelStep, type Program } from '../program/program.ts'
import type { Planned } from '../session/planned.ts'
import { ByteSet } from './byte-set.ts'

/** What the audit saw. */
export interface AuditReport {
  readonly steps: number
  /** One past the highest byte that any step wrote. */
  readonly touchedPeakBytes: number
}

/** A step did something that it did not declare. */
export class AuditError extends StintError {
  readonly step: number
  readonly byte: number
  constructor(
    check: AuditCheck,
    step: number,
    byte: number,
    what: string,
    fields: { expected?: string; got?: string },
  ) {
    super(`AUDIT_${check}`, `step ${step}: ${what}`, {
      ...fields,
      hint: 'The kernel, or what its backend declared of it (in-place pairs, workspace), is wrong.',
    })
    this.step = step
    this.byte = byte
  }
}

/** READ: a declared read was not live. STRAY: bytes outside the results changed. VALUE: wrong bits. UNSTABLE: the result depends on bytes that were not declared. */
export type AuditCheck = 'READ' | 'STRAY' | 'VALUE' | 'UNSTABLE'

/** As floats, NaN and a number near the largest: what is read by mistake shows in one of them. */
const patterns = [0xff, 0x7f] as const

/**
 * Runs a loaded program step by step. Around each step every byte that it did not declare to read is poisoned, with one
 * pattern and then the other; after it, only its results may have changed; its reads must be wholly live; and its
 * results must have the bits that a separate execution, in which every value has a place of its own, gives them.
 */
export async function audit(
  planned: Planned & { readonly program: Program },
  runner: Runner,
  arena: Arena,
  backend: Backend,
  target: Target,
): Promise<AuditReport> {
  const { program } = planned
  const image = await arena.read(0, program.arenaBytes)
  const truth = await unplanned(planned, image, backend, target)
  const auditor = new Auditor(program, runner, arena, image, planned, truth)
  for (const [index, step] of program.steps.entries()) {
    if (isKernelStep(step)) await auditor.step(index, step)
    else if ('free' in step) auditor.free(step.free)
    else throw new RangeError('the audit does not run loops yet')
  }
  await arena.write(0, auditor.image)
  return { steps: program.steps.length, touchedPeakBytes: auditor.touched }
}

/** The bytes of every value that a task writes, from an execution without a plan that starts from the same memory. */
async function unplanned(
  planned: Planned,
  image: Uint8Array,
  backend: Backend,
  target: Target,
): Promise<ReadonlyMap<number, Uint8Array>> {
  const { tasks, infos, dag, pinned, program } = planned
  const reference = emitUnplanned({ tasks, infos, target, dag, pinned })
  const arena = await backend.open(reference.arenaBytes, target)
  try {
    for (const kind of ['state', 'inputs', 'constants'] as const)
      for (const [i, slot] of reference[kind].entries()) {
        const from = program[kind][i]!.offset
        await arena.write(slot.offset, image.slice(from, from + slotBytes(slot)))
      }
    await (await arena.load(reference)).run()
    const truth = new Map<number, Uint8Array>()
    const written = tasks.tasks.flatMap(t => t.writes)
    for (const [i, slot] of reference.outputs.entries())
      truth.set(written[i]!, await arena.read(slot.offset, slotBytes(slot)))
    return truth
  } finally {
    await arena.close()
  }
}

type Range = readonly [start: number, end: number]

class Auditor {
  readonly #program: Program
  readonly #runner: Runner
  readonly #arena: Arena
  readonly #truth: ReadonlyMap<number, Uint8Array>
  /** The arena as it should be: live values, and zeros where nothing lives. */
  readonly image: Uint8Array
  readonly #live: ByteSet
  readonly #before: Uint8Array<ArrayBuffer>
  touched = 0

  constructor(
    program: Program,
    runner: Runner,
    arena: Arena,
    image: Uint8Array,
    planned: Planned,
    truth: ReadonlyMap<number, Uint8Array>,
  ) {
    this.#program = program
    this.#runner = runner
    this.#arena = arena
    this.#truth = truth
    this.image = image
    this.#before = new Uint8Array(image.length)
    this.#live = new ByteSet(program.arenaBytes)
    for (const p of planned.pinned) this.#live.add(p.offset, p.offset + p.bytes)
    for (const slot of program.inputs) this.#live.add(slot.offset, slot.offset + slotBytes(slot))
  }

  free([at, bytes]: readonly [at: unknown, bytes: number]): void {
    this.#live.delete(at as number, (at as number) + bytes)
  }

  async step(index: number, step: KernelStep): Promise<void> {
    const kernel = this.#program.kernels[step.kernel]!
    const places = step.args as readonly number[]
    const range = (
      at: number,
      type: { readonly shape: readonly number[]; readonly dtype: string },
    ): Range => [at, at + slotBytes({ name: '', offset: at, type: type as (typeof kernel.operands)[number] })]
    const reads = kernel.operands.map((type, i) => range(places[i]!, type))
    const writes = kernel.results.map((r, i) => range(places[kernel.operands.length + i]!, r.type))
    for (const [from, to] of reads) {
      const dead = this.#live.firstMissing(from, to)
      if (dead >= 0)
        throw new AuditError('READ', index, dead, `byte ${dead} is read but holds nothing alive`, {})
    }
    const outcomes: Uint8Array[] = []
    for (const pattern of patterns) outcomes.push(await this.#tryStep(index, step, reads, writes, pattern))
    this.#compare(index, step, writes, outcomes as [Uint8Array, Uint8Array])
    for (const [from, to] of writes) {
      this.image.set(outcomes[0]!.subarray(from, to), from)
      this.#live.add(from, to)
    }
  }

  /** The arena after the step ran in memory that is poisoned but for its reads. */
  async #tryStep(
    index: number,
    step: KernelStep,
    reads: readonly Range[],
    writes: readonly Range[],
    pattern: number,
  ): Promise<Uint8Array> {
    const before = this.#before.fill(pattern)
    for (const [from, to] of reads) before.set(this.image.subarray(from, to), from)
    await this.#arena.write(0, before)
    await this.#runner.step([index], [])
    const after = await this.#arena.read(0, before.length)
    const allowed = [...writes]
    if (step.workspace !== undefined) {
      const [at, bytes] = step.workspace as readonly [number, number]
      allowed.push([at, at + bytes])
    }
    for (const byte of differences(before, after)) {
      this.touched = Math.max(this.touched, byte + 1)
      if (allowed.some(([from, to]) => byte >= from && byte < to)) continue
      throw new AuditError(
        'STRAY',
        index,
        byte,
        `byte ${byte} changed, which is neither a result nor workspace`,
        {
          expected: `0x${before[byte]!.toString(16)}`,
          got: `0x${after[byte]!.toString(16)}`,
        },
      )
    }
    for (const [, to] of writes) this.touched = Math.max(this.touched, to)
    return after
  }

  #compare(
    index: number,
    step: KernelStep,
    writes: readonly Range[],
    [one, two]: readonly [Uint8Array, Uint8Array],
  ): void {
    for (const [i, [from, to]] of writes.entries()) {
      const value = step.writes?.[i]
      const truth = value === undefined ? this.#committed(step) : this.#truth.get(value)
      for (let byte = from; byte < to; byte++) {
        if (one[byte] !== two[byte])
          throw new AuditError(
            'UNSTABLE',
            index,
            byte,
            `byte ${byte} of result ${i} depends on bytes that the step did not declare`,
            {},
          )
        if (truth !== undefined && one[byte] !== truth[byte - from])
          throw new AuditError(
            'VALUE',
            index,
            byte,
            `result ${i} differs from the execution without a plan`,
            {
              expected: this.#show(step, i, truth, byte - from),
              got: this.#show(step, i, one.slice(from, to), byte - from),
            },
          )
      }
    }
  }

  /** A commit copies its only read. */
  #committed(step: KernelStep): Uint8Array {
    const at = (step.args as readonly number[])[0]!
    const kernel = this.#program.kernels[step.kernel]!
    return this.image.slice(at, at + slotBytes({ name: '', offset: at, type: kernel.operands[0]! }))
  }

  #show(step: KernelStep, result: number, bytes: Uint8Array, byte: number): string {
    const { type } = this.#program.kernels[step.kernel]!.results[result]!
    const copy = bytes.slice()
    const values = viewOf(type.dtype, copy.buffer, 0, sizeOf(type.shape))
    const at = Math.floor(byte / values.BYTES_PER_ELEMENT)
    return `${values[at]} at element ${at}`
  }
}

/** Bytes at which two arrays differ. */
function* differences(a: Uint8Array, b: Uint8Array): Generator<number> {
  const words = (x: Uint8Array): Int32Array => new Int32Array(x.buffer, x.byteOffset, x.length >> 2)
  const aligned = a.byteOffset % 4 === 0 && b.byteOffset % 4 === 0
  const [left, right] = aligned ? [words(a), words(b)] : [new Int32Array(0), new Int32Array(0)]
  for (let i = 0; i < left.length; i++)
    if (left[i] !== right[i])
      for (let byte = 4 * i; byte < 4 * i + 4; byte++) if (a[byte] !== b[byte]) yield byte
  for (let byte = 4 * left.length; byte < a.length; byte++) if (a[byte] !== b[byte]) yield byte
}
