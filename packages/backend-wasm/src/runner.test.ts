import { type Kernel, kernelOf, type Program, type ProgramStep } from '@stint/engine'
import { f32, type Type } from '@stint/graph'
import { describe, expect, test } from 'vitest'
import { KernelError } from './runner.ts'
import { wasm } from './wasm.ts'

const backend = wasm()
const target = await backend.target()

/** x + y over `n` numbers. */
const add = (n: number): Kernel => {
  const type: Type = f32(n)
  return kernelOf([type, type], [{ op: 'add', attrs: {}, inputs: [0, 1], types: [type] }], [2])
}

function programOf(kernels: Kernel[], steps: ProgramStep[], arenaBytes: number): Program {
  const none = { state: [], constants: [], inputs: [], outputs: [] }
  return { name: 'test', target, arenaBytes, kernels, ...none, steps }
}

async function open(program: Program, memory: Record<number, number[]>) {
  const arena = await backend.open(program.arenaBytes, target)
  for (const [at, numbers] of Object.entries(memory))
    await arena.write(Number(at), new Uint8Array(Float32Array.from(numbers).buffer))
  const read = async (at: number, n: number) => [...new Float32Array((await arena.read(at, 4 * n)).buffer)]
  return { arena, read, runner: await arena.load(program) }
}

describe('programs', () => {
  test('run step by step, or one step alone', async () => {
    const program = programOf(
      [add(2)],
      [
        { kernel: 0, variant: 0, args: [0, 64, 128] },
        { free: [0, 8] },
        { kernel: 0, variant: 0, args: [64, 128, 192] },
      ],
      256,
    )
    const { read, runner } = await open(program, { 0: [1, 2], 64: [10, 20] })
    await runner.step([2], [])
    expect(await read(192, 2)).toEqual([10, 20])
    await runner.step([1], [])
    await runner.run()
    expect(await read(128, 2)).toEqual([11, 22])
    expect(await read(192, 2)).toEqual([21, 42])
  })

  test('loops move places by their strides, outermost first', async () => {
    // out[i][j] = row[i] + column[j], over two rows and, backwards, three columns; then the same plus one more.
    const moving = (x: number, out: number): ProgramStep => ({
      kernel: 0,
      variant: 0,
      args: [
        { base: x, strides: [4, 0] },
        { base: 72, strides: [0, -4] },
        { base: out + 8, strides: [12, -4] },
      ],
    })
    const fixed: ProgramStep = { kernel: 0, variant: 0, args: [0, 64, 192] }
    const inner: ProgramStep = { repeat: 3, steps: [moving(0, 128), fixed] }
    const program = programOf(
      [add(1)],
      [
        { repeat: 2, steps: [inner] },
        { repeat: 0, steps: [inner] },
      ],
      256,
    )
    const memory = { 0: [1, 2], 64: [10, 20, 30] }
    const whole = await open(program, memory)
    await whole.runner.run()
    expect(await whole.read(128, 6)).toEqual([11, 21, 31, 12, 22, 32])
    expect(await whole.read(192, 1)).toEqual([11])
    const single = await open(program, memory)
    await single.runner.step([0, 0, 0], [1, 2])
    expect(await single.read(128, 6)).toEqual([0, 0, 0, 12, 0, 0])
    await single.runner.step([0, 0], [0])
    expect(await single.read(128, 6)).toEqual([11, 21, 31, 12, 0, 0])
  })

  test('branches ask a byte, in loops one that moves', async () => {
    const branch = (at: ProgramStep & { if: unknown }) => at
    const step = (out: number): ProgramStep => ({
      kernel: 0,
      variant: 0,
      args: [0, 64, { base: out, strides: [4] }],
    })
    const choice = branch({
      if: { base: 128, strides: [1] },
      // biome-ignore lint/suspicious/noThenProperty: the branch of a step, never awaited.
      then: [step(192)],
      else: [step(208), step(224)],
    })
    const program = programOf([add(1)], [{ repeat: 3, steps: [choice] }], 256)
    const { arena, read, runner } = await open(program, { 0: [1], 64: [2] })
    await arena.write(128, Uint8Array.of(0, 1, 0))
    await runner.run()
    expect(await read(192, 11)).toEqual([0, 3, 0, 0, 3, 0, 3, 0, 3, 0, 3])
    await runner.step([0, 0, 0], [2])
    expect(await read(192, 3)).toEqual([0, 3, 3])
    await runner.step([0, 0, 2], [1])
    expect(await read(224, 3)).toEqual([3, 3, 3])
    await expect(runner.step([0, 0, 3], [2])).rejects.toThrow('no such step')
  })

  test('that fail name the step and the ops', async () => {
    const far: ProgramStep = { kernel: 0, variant: 0, args: [0, { base: 64, strides: [2 ** 30] }, 128] }
    const steps: ProgramStep[] = [
      { kernel: 0, variant: 0, args: [0, 64, 128] },
      { repeat: 3, steps: [far] },
    ]
    const { runner } = await open(programOf([add(2)], steps, 256), {})
    const error = await runner.run().catch((e: unknown) => e)
    expect(error).toBeInstanceOf(KernelError)
    expect(error).toMatchObject({ code: 'KERNEL', step: 1, op: 'loop' })
    await runner.step([0], [])
    const alone = await open(programOf([add(2)], [{ ...steps[0]!, args: [0, 2 ** 30, 128] }], 256), {})
    await expect(alone.runner.run()).rejects.toMatchObject({ code: 'KERNEL', step: 0, op: 'add' })
  })
})

describe('the arena', () => {
  test('holds whole pages, with the step tables behind it', async () => {
    for (const [bytes, held] of [
      [1, 65536],
      [65536, 65536],
      [65537, 131072],
    ] as const) {
      const arena = await backend.open(bytes, target)
      expect(arena.heldBytes).toBe(held)
      await arena.write(bytes - 1, Uint8Array.of(7))
      expect([...(await arena.read(bytes - 1, 1))]).toEqual([7])
      await expect(arena.write(bytes, Uint8Array.of(7))).rejects.toThrow('do not lie in the arena')
      await expect(arena.read(-1, 1)).rejects.toThrow('do not lie in the arena')
      await arena.load(programOf([add(1)], [{ kernel: 0, variant: 0, args: [0, 64, 128] }], 1))
      expect(arena.heldBytes).toBe(bytes === 65536 ? 131072 : held)
      await expect(arena.load(programOf([], [], bytes + 1))).rejects.toThrow('does not fit the arena')
    }
  })

  test('is gone once closed', async () => {
    const arena = await backend.open(64, target)
    await arena.close()
    expect(arena.heldBytes).toBe(0)
    await expect(arena.read(0, 4)).rejects.toThrow('closed')
    await expect(arena.load(programOf([], [], 64))).rejects.toThrow('closed')
  })
})
