import { type Kernel, kernelOf, type Program, type ProgramStep } from '@stint/engine'
import { f32, type Type } from '@stint/graph'
import { describe, expect, test, vi } from 'vitest'
import { KernelError, worker } from './index.ts'

/** x + y over `n` numbers. */
const add = (n: number): Kernel => {
  const type: Type = f32(n)
  return kernelOf([type, type], [{ op: 'add', attrs: {}, inputs: [0, 1], types: [type] }], [2])
}

const threadCounts = [1, 2, 3]

describe.each(threadCounts)('on %i threads', threads => {
  const backend = worker({ threads })

  async function open(
    kernels: Kernel[],
    steps: ProgramStep[],
    memory: Record<number, number[]>,
    bytes = 256,
  ) {
    const target = await backend.target()
    const none = { state: [], constants: [], inputs: [], outputs: [] }
    const program: Program = { name: 'test', target, arenaBytes: bytes, kernels, ...none, steps }
    const arena = await backend.open(bytes, target)
    for (const [at, numbers] of Object.entries(memory))
      await arena.write(Number(at), new Uint8Array(Float32Array.from(numbers).buffer))
    const read = async (at: number, n: number) => [...new Float32Array((await arena.read(at, 4 * n)).buffer)]
    return { arena, read, runner: await arena.load(program) }
  }

  test('programs run step by step, or one step alone', async () => {
    const steps: ProgramStep[] = [
      { kernel: 0, variant: 0, args: [0, 64, 128] },
      { free: [0, 8] },
      { kernel: 0, variant: 0, args: [64, 128, 192] },
    ]
    const { arena, read, runner } = await open([add(2)], steps, { 0: [1, 2], 64: [10, 20] })
    await runner.step([2], [])
    expect(await read(192, 2)).toEqual([10, 20])
    await runner.run()
    expect(await read(128, 2)).toEqual([11, 22])
    expect(await read(192, 2)).toEqual([21, 42])
    await arena.close()
  })

  test('loops and branches', async () => {
    const choice: ProgramStep = {
      if: { base: 128, strides: [1] },
      // biome-ignore lint/suspicious/noThenProperty: the branch of a step, never awaited.
      then: [{ kernel: 0, variant: 0, args: [0, 64, { base: 192, strides: [4] }] }],
      else: [{ kernel: 0, variant: 0, args: [0, { base: 64, strides: [4] }, { base: 208, strides: [4] }] }],
    }
    const { arena, read, runner } = await open([add(1)], [{ repeat: 3, steps: [choice] }], {
      0: [1],
      64: [2, 3, 4],
    })
    await arena.write(128, Uint8Array.of(0, 1, 0))
    await runner.run()
    expect(await read(192, 7)).toEqual([0, 3, 0, 0, 3, 0, 5])
    await runner.step([0, 0, 0], [2])
    expect(await read(192, 3)).toEqual([0, 3, 3])
    await arena.close()
  })

  test('failures name the step and the ops', async () => {
    const steps: ProgramStep[] = [0, 2 ** 30].map(at => ({ kernel: 0, variant: 0, args: [0, at, 128] }))
    const { arena, runner } = await open([add(2)], steps, {})
    for (let i = 0; i < 3; i++) {
      const error = await runner.run().catch((e: unknown) => e)
      expect(error).toBeInstanceOf(KernelError)
      expect(error).toMatchObject({ code: 'KERNEL', step: 1, op: 'add' })
      await runner.step([0], [])
    }
    await arena.close()
  })
})

test('fused multiply-add is refused where the engine has none', () => {
  const validate = vi.spyOn(WebAssembly, 'validate').mockReturnValue(false)
  expect(() => worker({ relaxed: true })).toThrow(expect.objectContaining({ code: 'RELAXED_SIMD' }))
  validate.mockRestore()
})
