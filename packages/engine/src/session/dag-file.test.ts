import { f32, scope } from '@stint/graph'
import { dagHash, ladder, parseDag, planHash } from '@stint/planner'
import { describe, expect, test } from 'vitest'
import { chainStep } from '../testing/graphs.ts'
import { referenceBackend } from '../testing/reference-backend.ts'
import { compile } from './compile.ts'
import { toDag } from './dag-file.ts'
import { openSession } from './session.ts'

const backend = referenceBackend()

describe('the DAG of a program as a file', () => {
  test('reads back, and has the plan of the engine among its rungs', async () => {
    await using session = await openSession({
      programs: { step: chainStep(8), half: chainStep(8, 16) },
      backend,
      memory: '80%',
    })
    for (const name of ['step', 'half']) {
      const program = session.program(name)
      const { dag, name: said } = parseDag(JSON.parse(JSON.stringify(toDag(program))))
      expect(said).toBe(name)
      expect(dagHash(dag)).toBe(dagHash(program.dag.dag))
      const { fixed } = program.dag
      const rung = [...ladder(dag, { fixed })].find(p => p.arenaBytes <= session.arenaBytes)!
      expect(planHash(rung)).toBe(planHash(program.plan))
    }
    expect(toDag(session)).toEqual(toDag(session.program()))
  })

  test('names layers, ops and lines', async () => {
    await using f = await compile((w, x) => scope('layer', () => x.matmul(w).tanh().sum()), {
      inputs: [f32(4, 3), f32(2, 4)],
      backend,
    })
    const { values, tasks } = toDag(f)
    expect(values.map(v => v.name)).toContain('0')
    expect(tasks[0]).toMatchObject({
      name: 'dot tanh of layer',
      site: expect.stringMatching(/^dag-file\.test\.ts:\d+$/),
    })
  })
})
