import { bytesOf } from '@stint/graph'
import { describe, expect, test } from 'vitest'
import type { Backend } from '../backend.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { Address, Program, ProgramStep } from '../program/program.ts'
import { openSession } from '../session/session.ts'
import { chainStep, numbers, someState } from '../testing/graphs.ts'
import { referenceBackend, type Sabotage } from '../testing/reference-backend.ts'

const graph = chainStep(8)
const x = numbers(32 * 8, 7)

/** Spoils the planned program alone, not the execution that it is compared with. */
function planned(run: NonNullable<Sabotage['run']>): NonNullable<Sabotage['run']> {
  return context => (context.program.name.endsWith('unplanned') ? context.compute() : run(context))
}

async function auditWith(sabotage: Sabotage, memory: '100%' | '85%' = '100%') {
  await using session = await openSession({
    programs: { step: graph },
    backend: referenceBackend({ ...sabotage, ...(sabotage.run && { run: planned(sabotage.run) }) }),
    memory,
  })
  await session.writeState(someState(graph))
  return {
    ...(await session.audit('step', { x })),
    arenaBytes: session.arenaBytes,
    program: session.program(),
  }
}

function results(kernel: Kernel, args: readonly unknown[]): { at: number; bytes: number }[] {
  return kernel.results.map((r, i) => ({
    at: args[kernel.operands.length + i] as number,
    bytes: bytesOf(r.type),
  }))
}

describe('the audit', () => {
  test.each(['100%', '85%'] as const)(
    'passes an honest backend at %s and gives the outputs of a run',
    async memory => {
      const { outputs, report, arenaBytes } = await auditWith({}, memory)
      expect(report.touchedPeakBytes).toBeLessThanOrEqual(arenaBytes)
      expect(report.touchedPeakBytes).toBeGreaterThan(0)
      await using session = await openSession({ programs: { step: graph }, backend: referenceBackend() })
      await session.writeState(someState(graph))
      expect(outputs).toEqual(await session.run('step', { x }))
    },
  )

  test('leaves the session as a run would', async () => {
    await using audited = await openSession({ programs: { step: graph }, backend: referenceBackend() })
    await using plain = await openSession({ programs: { step: graph }, backend: referenceBackend() })
    for (const session of [audited, plain]) await session.writeState(someState(graph))
    await audited.audit('step', { x })
    await plain.run('step', { x })
    for (const { path } of plain.state)
      expect(await audited.readState(path)).toEqual(await plain.readState(path))
    expect(await audited.run('step', { x })).toEqual(await plain.run('step', { x }))
  })

  test('sees a write past a result', async () => {
    const run: Sabotage['run'] = ({ memory, step, kernel, index, compute }) => {
      compute()
      const [first] = results(kernel, step.args)
      if (index === 2) memory[first!.at + first!.bytes]! ^= 1
    }
    await expect(auditWith({ run })).rejects.toMatchObject({ code: 'AUDIT_STRAY', step: 2 })
  })

  test('sees a write into a read', async () => {
    const run: Sabotage['run'] = ({ memory, step, index, compute }) => {
      compute()
      if (index === 2) memory[step.args[0] as number]! ^= 1
    }
    await expect(auditWith({ run })).rejects.toMatchObject({ code: 'AUDIT_STRAY', step: 2 })
  })

  test('sees an accumulation into a result that was not cleared', async () => {
    const run: Sabotage['run'] = ({ memory, step, kernel, index, compute }) => {
      const [first] = results(kernel, step.args)
      const before = new Float32Array(memory.buffer, first!.at, 1)[0]!
      compute()
      if (index === 2) new Float32Array(memory.buffer, first!.at, 1)[0]! += before
    }
    await expect(auditWith({ run })).rejects.toMatchObject({ code: 'AUDIT_UNSTABLE', step: 2 })
  })

  test('sees a wrong number', async () => {
    const run: Sabotage['run'] = ({ memory, step, kernel, index, compute }) => {
      compute()
      if (index === 5) memory[results(kernel, step.args)[0]!.at]! ^= 1
    }
    await expect(auditWith({ run })).rejects.toMatchObject({ code: 'AUDIT_VALUE', step: 5 })
  })

  test('sees a false in-place claim', async () => {
    // A product may not take the place of a factor: rows that are read later would be gone.
    const product = (k: Kernel): boolean => k.body.some(n => n.op === 'dot')
    const info: Sabotage['info'] = (kernel, given) => {
      const fits = (operand: number): boolean =>
        bytesOf(kernel.operands[operand]!) === bytesOf(kernel.results[0]!.type)
      const inPlace = [...kernel.operands.keys()].filter(fits).map(operand => [operand, 0] as const)
      return { ...given, variants: given.variants.map(v => (product(kernel) ? { ...v, inPlace } : v)) }
    }
    const run: Sabotage['run'] = ({ memory, step, kernel, compute }) => {
      const args = step.args as readonly number[]
      const result = args[kernel.operands.length]!
      // What a kernel does that writes its first row before it reads the second.
      if (product(kernel) && args.indexOf(result) < kernel.operands.length)
        memory.fill(0, result + 32, result + 64)
      compute()
    }
    await expect(auditWith({ info, run }, '85%')).rejects.toMatchObject({ code: 'AUDIT_VALUE' })
  })

  test('sees an understated workspace', async () => {
    const info: Sabotage['info'] = ({ body }, given) => ({
      ...given,
      variants: given.variants.map(v => ({ ...v, workspaceBytes: body.length === 0 ? 0 : 64 })),
    })
    const run: Sabotage['run'] = ({ memory, step, index, compute }) => {
      const [at, bytes] = (step.workspace ?? [0, 0]) as readonly [number, number]
      memory.fill(index, at, at + bytes + (index === 4 ? 8 : 0))
      compute()
    }
    await expect(auditWith({ info, run })).rejects.toMatchObject({ code: 'AUDIT_STRAY', step: 4 })
    await expect(auditWith({ info, run: ({ compute }) => compute() })).resolves.toBeDefined()
  })
})

describe('a program that was tampered with', () => {
  async function tampered(change: (steps: ProgramStep[]) => void) {
    const honest = referenceBackend()
    const backend: Backend = {
      ...honest,
      open: async (bytes, target) => {
        const arena = await honest.open(bytes, target)
        const load = arena.load.bind(arena)
        return Object.assign(arena, {
          load: (program: Program) =>
            program.name.endsWith('unplanned') ? load(program) : load(changed(program)),
        })
      },
    }
    const changed = (program: Program): Program => {
      const steps = [...program.steps]
      change(steps)
      // The audit follows the program that the session knows: both must see the change.
      ;(program as { steps: readonly ProgramStep[] }).steps = steps
      return program
    }
    await using session = await openSession({ programs: { step: graph }, backend })
    await session.writeState(someState(graph))
    return await session.audit('step', { x })
  }

  test('shows a read of a freed buffer', async () => {
    await expect(
      tampered(steps => {
        const at = steps.findIndex(s => 'free' in s)
        const [freed] = (steps[at] as { free: [number, number] }).free
        const reader = steps.findLastIndex((s, i) => i < at && 'kernel' in s && s.args.includes(freed))
        steps.splice(reader, 0, steps[at]!)
      }),
    ).rejects.toMatchObject({ code: 'AUDIT_READ' })
  })

  test('shows a read of old state after its overwrite', async () => {
    await expect(
      tampered(steps => {
        // The first update runs before the last reader of what it overwrites.
        const places = (s: ProgramStep): readonly Address[] => ('kernel' in s ? s.args : [])
        const update = steps.findLastIndex(s => 'kernel' in s && s.args.length >= 5)
        const weight = places(steps[update]!)[places(steps[update]!).length - 1]!
        const reader = steps.findLastIndex((s, i) => i < update && places(s).includes(weight))
        const [moved] = steps.splice(reader, 1)
        steps.splice(update, 0, moved!)
      }),
    ).rejects.toMatchObject({ code: expect.stringMatching(/AUDIT_(VALUE|READ)/) })
  })
})
