import { describe, expect, test } from 'vitest'
import { DagError, PlanError } from '../errors.ts'
import { plan } from '../plan/plan.ts'
import { verify } from '../verify/verify.ts'
import type { Dag } from './dag.ts'
import { dagHash, planHash } from './hash.ts'
import { parseDag, parsePlan, toShorthand } from './parse.ts'

/** The error that reading `json` as a DAG gives. */
function dagError(json: unknown): DagError {
  try {
    parseDag(json)
  } catch (error) {
    expect(error).toBeInstanceOf(DagError)
    return error as DagError
  }
  throw new Error('no error')
}

const node = (id: number, inputs: number[], more: object = {}): object => ({
  id,
  cost: 1,
  bytes: 4,
  inputs,
  ...more,
})

describe('the shorthand', () => {
  const good = {
    name: 'small',
    nodes: [node(0, []), node(1, [0]), node(2, [0, 1])],
    outputs: [2],
    pinned: [0],
  }

  test('becomes one value and one task a node, save for pinned ones', () => {
    const { dag, shorthand, name } = parseDag(good)
    expect({ shorthand, name }).toEqual({ shorthand: true, name: 'small' })
    expect(dag.values.map(v => v.pinned === true)).toEqual([true, false, false])
    expect(dag.tasks.map(t => t.writes)).toEqual([[1], [2]])
    expect(dag.outputs).toEqual([2])
  })

  test.each([
    ['a cycle', { ...good, nodes: [node(0, []), node(1, [2]), node(2, [1])] }, /not in topological order/],
    [
      'a node that reads itself',
      { ...good, nodes: [node(0, []), node(1, [1]), node(2, [1])] },
      /topological/,
    ],
    [
      'an input beyond the last node',
      { ...good, nodes: [node(0, []), node(1, [0]), node(2, [9])] },
      /no such node/i,
    ],
    [
      'ids out of place',
      { ...good, nodes: [node(0, []), node(2, [0]), node(1, [0])] },
      /another id; expected 1, got 2/,
    ],
    ['an id twice', { ...good, nodes: [node(0, []), node(0, [0]), node(2, [0])] }, /another id/],
    [
      'negative bytes',
      { ...good, nodes: [node(0, []), node(1, [0], { bytes: -4 }), node(2, [1])] },
      /bytes of node 1/,
    ],
    [
      'a fraction of a byte',
      { ...good, nodes: [node(0, []), node(1, [0], { bytes: 0.5 }), node(2, [1])] },
      /got 0.5/,
    ],
    [
      'a cost that is no number',
      { ...good, nodes: [node(0, []), node(1, [0], { cost: '7' }), node(2, [1])] },
      /cost of node 1/,
    ],
    [
      'a cost that is not finite',
      { ...good, nodes: [node(0, []), node(1, [0], { cost: Number.POSITIVE_INFINITY }), node(2, [1])] },
      /cost/,
    ],
    ['an unknown pinned node', { ...good, pinned: [7] }, /unknown node, got 7/],
    ['an unknown output', { ...good, outputs: [7] }, /unknown value/],
    ['no outputs', { nodes: good.nodes }, /outputs is not a list, got nothing/],
    ['nodes that are no list', { ...good, nodes: {} }, /nodes is not a list/],
    ['inputs that are no list', { ...good, nodes: [{ id: 0, cost: 1, bytes: 1 }] }, /inputs of node 0/],
    ['a node that is no object', { ...good, nodes: [3] }, /node 0 is not an object/],
    ['no object', [1, 2], /the file is not an object/],
    ['null', null, /not an object/],
  ])('with %s is refused', (_, json, message) => {
    expect(dagError(json).message).toMatch(message)
  })

  test('has its schedules as computes and frees', () => {
    const { dag } = parseDag({ ...good, pinned: [] })
    const found = plan(dag, { budget: 100 })
    expect(toShorthand(dag, found).steps).toEqual([
      { compute: 0 },
      { compute: 1 },
      { compute: 2 },
      { free: 0 },
      { free: 1 },
    ])
  })
})

describe('the full form', () => {
  const good: Dag = {
    align: 16,
    values: [{ bytes: 8, pinned: true, name: 'w' }, { bytes: 4, input: true }, { bytes: 4 }, { bytes: 8 }],
    tasks: [
      { cost: 2, reads: [0, 1], writes: [2], workspace: 3, inPlace: [[1, 2]], name: 'forward', once: true },
      { cost: 3, reads: [0, 2], writes: [3], inPlace: [[0, 3]] },
      { cost: 9, reads: [0], writes: [3] },
    ],
    next: [{ pinned: 0, value: 3, copyCost: 1 }],
    choices: [{ name: 'update', options: [{ off: [2] }, { off: [1] }] }],
    outputs: [2],
  }
  const change = (more: object): unknown => ({ ...good, ...more })
  const task = (more: object): unknown =>
    change({ tasks: [{ ...good.tasks[0], ...more }, ...good.tasks.slice(1)] })
  const value = (more: object): unknown =>
    change({ values: [{ ...good.values[0], ...more }, ...good.values.slice(1)] })

  test('is read as it was written', () => {
    const { dag, shorthand } = parseDag(JSON.parse(JSON.stringify(good)))
    expect(dag).toEqual(good)
    expect(shorthand).toBe(false)
  })

  test.each([
    [
      'a cycle',
      change({
        tasks: [
          { cost: 1, reads: [3], writes: [2] },
          { cost: 1, reads: [2], writes: [3] },
        ],
        choices: [],
      }),
      /computes later/,
    ],
    ['two producers of a value', change({ choices: [] }), /value 3 has two producers, got tasks 1 and 2/],
    ['a task that writes a pinned value', task({ writes: [0] }), /pinned or an input/],
    ['a task that writes an input', task({ writes: [1] }), /pinned or an input/],
    ['a task that reads an unknown value', task({ reads: [9] }), /unknown value/],
    ['a task that writes an unknown value', task({ writes: [9] }), /unknown value/],
    [
      'a value that nothing computes',
      change({ tasks: [good.tasks[1], good.tasks[2]], choices: [{ name: '', options: [{ off: [1] }] }] }),
      /nothing computes|computed by no task/,
    ],
    ['an in-place pair of what it does not read', task({ inPlace: [[3, 2]] }), /in-place pair/],
    ['an in-place pair of what it does not write', task({ inPlace: [[1, 3]] }), /in-place pair/],
    [
      'a result larger than the place it may take',
      change({ values: [good.values[0], { bytes: 2, input: true }, good.values[2], good.values[3]] }),
      /larger than the place/,
    ],
    ['a negative workspace', task({ workspace: -1 }), /workspace of task 0/],
    ['a negative cost', task({ cost: -1 }), /cost of task 0/],
    ['a flag that is no flag', task({ once: 1 }), /once of task 0/],
    ['a name that is no text', value({ name: 1 }), /name of value 0/],
    ['negative bytes', value({ bytes: -8 }), /bytes of value 0/],
    ['more bytes than a number counts', value({ bytes: 2 ** 60 }), /bytes of value 0/],
    ['an alignment of 0', change({ align: 0 }), /alignment/],
    ['a successor of another size', value({ bytes: 16 }), /another size/],
    [
      'a successor of what is not pinned',
      change({ next: [{ pinned: 1, value: 3, copyCost: 1 }] }),
      /not pinned/,
    ],
    [
      'a successor that nothing computes',
      change({ next: [{ pinned: 0, value: 1, copyCost: 1 }] }),
      /computed by no task/,
    ],
    [
      'two successors of one buffer',
      change({ next: [...good.next!, { pinned: 0, value: 2, copyCost: 1 }] }),
      /share value 0/,
    ],
    ['an output that is overwritten', change({ outputs: [0] }), /old content/],
    [
      'an option that switches off an unknown task',
      change({ choices: [{ name: 'c', options: [{ off: [7] }] }] }),
      /unknown task/,
    ],
    [
      'another option that does',
      change({ choices: [...good.choices!, { name: 'c', options: [{ off: [] }, { off: [7] }] }] }),
      /unknown task/,
    ],
    ['a choice without options', change({ choices: [{ name: 'c', options: [] }] }), /no such option/],
    ['a pair of three', task({ inPlace: [[1, 2, 3]] }), /pairs/],
    ['values that are no list', change({ values: 3 }), /values is not a list/],
    ['neither nodes nor values', {}, /values is not a list/],
  ])('with %s is refused', (_, json, message) => {
    expect(dagError(json).message).toMatch(message)
  })

  test('has one hash, whatever the names', () => {
    const renamed: Dag = { ...good, values: good.values.map(v => ({ ...v, name: 'x' })) }
    expect(dagHash(renamed)).toBe(dagHash(good))
    expect(dagHash({ ...good, align: 32 })).not.toBe(dagHash(good))
    expect(dagHash(good)).toMatch(/^[0-9a-f]{64}$/)
  })
})

describe('a plan file', () => {
  const { dag } = parseDag({ nodes: [node(0, []), node(1, [0])], outputs: [1] })
  const good = plan(dag, { budget: 8, layout: true })
  const read =
    (more: object): (() => unknown) =>
    () =>
      parsePlan({ ...good, ...more })

  test('is read as it was written', () => {
    const again = parsePlan(JSON.parse(JSON.stringify(good)))
    expect(again).toEqual(good)
    expect(planHash(again)).toBe(planHash(good))
  })

  test.each([
    ['no steps', { steps: undefined }, /steps is not a list/],
    ['a step of no kind', { steps: [{}] }, /step 0 neither runs, frees nor commits/],
    ['a step that is no object', { steps: ['free'] }, /step 0 is not an object/],
    ['a free of a fraction', { steps: [{ free: 0.5 }] }, /step 0/],
    ['a run of a negative task', { steps: [{ run: -1 }] }, /step 0/],
    ['places that are no pairs', { steps: [{ run: 0, at: [[0]] }] }, /at of step 0/],
    ['a place that is no number', { steps: [{ run: 0, at: [[0, '0']] }] }, /at of step 0/],
    ['a peak that is no number', { peakBytes: null }, /peakBytes/],
    ['a negative cost', { cost: -1 }, /cost/],
    ['no choice', { choice: undefined }, /choice is not a list/],
    ['places of nothing', { pinned: undefined }, /pinned is not a list/],
  ])('with %s is refused', (_, more, message) => {
    expect(read(more)).toThrow(PlanError)
    expect(read(more)).toThrow(message)
  })

  test.each([
    ['a smaller peak', { peakBytes: good.peakBytes - 1 }, /misstates its peak/],
    ['a smaller arena', { arenaBytes: good.arenaBytes - 1 }, /misstates its arena/],
    ['a smaller cost', { cost: good.cost - 1 }, /misstates its cost/],
    ['a larger base cost', { baseCost: good.baseCost + 1 }, /misstates its base cost/],
    ['a lower bound above its cost', { lowerBound: good.cost + 1 }, /lower bound/],
    ['an option of no choice', { choice: [0] }, /another number of options/],
    ['a run too few', { steps: good.steps.slice(1) }, /reads value 0, which is not there/],
  ])('that says %s is no plan of its DAG', (_, more, message) => {
    const lie = parsePlan({ ...good, ...more })
    expect(() => verify(dag, lie)).toThrow(PlanError)
    expect(() => verify(dag, lie)).toThrow(message)
  })
})
