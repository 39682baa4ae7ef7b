import { type Kernel, kernelOf, type Program, type ProgramStep } from '@stint/engine'
import { f32, type Type } from '@stint/graph'
import { describe, expect, test } from 'vitest'
import { cpu } from './cpu.ts'
import { KernelError } from './runner.ts'

const backend = cpu()
const target = await backend.target()

/** x + y over `n` numbers. */
const add = (n: number): Kernel => {
  const type: Type = f32(n)
  return kernelOf([type, type], [{ op: 'add', attrs: {}, inputs: [0, 1], types: [type] }], [2])
}

function programOf(kernels: Kernel[], steps: ProgramStep[], arenaBytes: number): Program {
  return {
    name: 'test',
    target,
    arenaBytes,
    kernels,
    state: [],
    constants: [],
    inputs: [],
    outputs: [],
    steps,
  }
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
    await runner.run()
    expect(await read(128, 2)).toEqual([11, 22])
    expect(await read(192, 2)).toEqual([21, 42])
  })

  test('loops move places by their strides, outermost first', async () => {
    // out[i][j] = row[i] + column[j], over two rows and, backwards, three columns.
    const inner: ProgramStep = {
      kernel: 0,
      variant: 0,
      args: [
        { base: 0, strides: [4, 0] },
        { base: 72, strides: [0, -4] },
        { base: 136, strides: [12, -4] },
      ],
    }
    const program = programOf([add(1)], [{ repeat: 2, steps: [{ repeat: 3, steps: [inner] }] }], 256)
    const memory = { 0: [1, 2], 64: [10, 20, 30] }
    const whole = await open(program, memory)
    await whole.runner.run()
    expect(await whole.read(128, 6)).toEqual([11, 21, 31, 12, 22, 32])
    const single = await open(program, memory)
    await single.runner.step([0, 0, 0], [1, 2])
    expect(await single.read(128, 6)).toEqual([0, 0, 0, 12, 0, 0])
  })

  test('branches ask a byte', async () => {
    const [then, otherwise] = [192, 196].map((out): ProgramStep[] => [
      { kernel: 0, variant: 0, args: [0, 64, out] },
    ])
    // biome-ignore lint/suspicious/noThenProperty: the branch of a step, never awaited.
    const program = programOf([add(1)], [{ if: 128, then: then!, else: otherwise! }], 256)
    const { arena, read, runner } = await open(program, { 0: [1], 64: [2] })
    await runner.run()
    expect(await read(192, 2)).toEqual([0, 3])
    await arena.write(128, Uint8Array.of(1))
    await runner.run()
    expect(await read(192, 2)).toEqual([3, 3])
    await runner.step([0, 1], [])
    await expect(runner.step([0, 2], [])).rejects.toThrow('no such step')
  })

  test('that do not fit their kernels are refused', async () => {
    const arena = await backend.open(256, target)
    const load = (step: Partial<ProgramStep>, kernel = add(2)) =>
      arena.load(programOf([kernel], [{ kernel: 0, variant: 0, args: [0, 64, 128], ...step }], 256))
    await load({})
    await expect(load({ args: [0, 64] })).rejects.toThrow('3 places')
    await expect(load({ args: [0, 64, 252] })).rejects.toThrow('does not lie in the arena')
    await expect(load({ args: [0, 66, 128] })).rejects.toThrow('a multiple of 4')
    await expect(arena.load(programOf([], [], 257))).rejects.toThrow('does not fit the arena')
    const sum = kernelOf([f32(2)], [{ op: 'sum', attrs: { axes: [0] }, inputs: [0], types: [f32()] }], [1])
    await expect(load({ args: [0, 64] }, sum)).rejects.toThrow('too little workspace')
  })

  test('name the step and the ops that fail', async () => {
    const moving: ProgramStep = { kernel: 0, variant: 0, args: [0, { base: 64, strides: [64] }, 128] }
    const program = programOf(
      [add(2)],
      [
        { kernel: 0, variant: 0, args: [0, 64, 128] },
        { repeat: 4, steps: [moving] },
      ],
      256,
    )
    const { runner } = await open(program, {})
    const error = await runner.run().catch((e: unknown) => e)
    expect(error).toBeInstanceOf(KernelError)
    expect(error).toMatchObject({ code: 'KERNEL', step: 1, op: 'add' })
    await expect(runner.step([5], [])).rejects.toThrow('no such step')
  })
})

test('a run allocates no memory outside the heap, and next to none in it', async () => {
  const n = 1000
  const softmax = kernelOf(
    [f32(n)],
    [
      { op: 'sum', attrs: { axes: [0] }, inputs: [0], types: [f32()] },
      { op: 'broadcast', attrs: { shape: [n], axes: [] }, inputs: [1], types: [f32(n)] },
      { op: 'div', attrs: {}, inputs: [0, 2], types: [f32(n)] },
    ],
    [3],
  )
  const [info] = backend.prepare([softmax], target)
  const { workspaceBytes } = info!.variants[0]!
  const step: ProgramStep = { kernel: 0, variant: 0, args: [0, 4096], workspace: [8192, workspaceBytes] }
  const program = programOf([softmax], [step], 8192 + workspaceBytes)
  const { arena, runner } = await open(program, { 0: Array.from({ length: n }, (_, i) => i) })
  expect(arena.heldBytes).toBe(65536)
  const settle = async () => {
    for (let i = 0; i < 3000; i++) await runner.run()
    globalThis.gc?.()
    return process.memoryUsage()
  }
  await settle()
  const before = await settle()
  const after = await settle()
  expect(after.arrayBuffers).toBe(before.arrayBuffers)
  expect(after.heapUsed - before.heapUsed).toBeLessThan(100_000)
})

describe('the arena', () => {
  test('holds whole pages and gives back what was written', async () => {
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
      await expect(arena.read(0, bytes + 1)).rejects.toThrow('do not lie in the arena')
    }
  })

  test('of two GiB is refused', async () => {
    await expect(backend.open(2 ** 31, target)).rejects.toThrow('too large')
  })

  test('what was read is a copy', async () => {
    const arena = await backend.open(64, target)
    const bytes = await arena.read(0, 4)
    bytes.fill(1)
    expect([...(await arena.read(0, 4))]).toEqual([0, 0, 0, 0])
  })

  test('is gone once closed', async () => {
    const arena = await backend.open(64, target)
    await arena.close()
    expect(arena.heldBytes).toBe(0)
    await expect(arena.read(0, 4)).rejects.toThrow('closed')
    await expect(arena.load(programOf([], [], 64))).rejects.toThrow('closed')
  })
})

describe('what is known of a kernel before it runs', () => {
  test('costs grow with the work, are whole, and may be measured', () => {
    const [small, large] = backend.prepare([add(100), add(100_000)], target).map(i => i.variants[0]!.cost)
    expect(Number.isInteger(small)).toBe(true)
    expect(large!).toBeGreaterThan(10 * small!)
    const kernel = add(100)
    const costs = { ...target.costs, measured: { [kernel.signature]: 12.5 } }
    expect(backend.prepare([kernel], { ...target, costs })[0]!.variants[0]!.cost).toBe(13)
  })

  test('elementwise work needs no workspace and takes the place of its operands', () => {
    const [{ variants, operandAlign }] = backend.prepare([add(100)], target) as [
      ReturnType<typeof backend.prepare>[0],
    ]
    expect(operandAlign).toEqual([4, 4])
    expect(variants[0]).toMatchObject({
      workspaceBytes: 0,
      inPlace: [
        [0, 0],
        [1, 0],
      ],
    })
  })
})
