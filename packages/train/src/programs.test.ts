import { dataset } from '@stint/data'
import { type Graph, showType, trace } from '@stint/graph'
import { adam, batchNorm, constant, crossEntropy, linear, sequential } from '@stint/nn'
import { expect, test } from 'vitest'
import { batchSizes, type ProgramOptions, trainingPrograms } from './programs.ts'

const model = sequential(linear(2, 4), batchNorm(4), linear(4, 3))

const rows = (n: number, x: Float32Array | Uint8Array = new Float32Array(2 * n)) =>
  dataset({ x, y: new Int32Array(n), xShape: [2], classes: 3 })

function graphs(options: Partial<ProgramOptions> = {}): { [name: string]: Graph } {
  const method = { loss: crossEntropy, optimizer: adam(), data: rows(10), batch: 4 }
  const { programs } = trainingPrograms(model, { ...method, ...options })
  return Object.fromEntries(
    Object.entries(programs).map(([name, spec]) => {
      if ('nodes' in spec) return [name, spec]
      if ('graph' in spec) return [name, spec.graph]
      return [name, trace(spec.fn, spec.inputs, { name, ...(spec.names && { names: spec.names }) }).graph]
    }),
  )
}

const inputsOf = (graph: Graph) => graph.inputs.map(i => `${i.name} ${showType(graph.values[i.value]!)}`)

test('the last batch of an epoch is what remains', () => {
  expect(batchSizes({ rows: 10 }, 4)).toEqual({ full: 4, last: 2 })
  expect(batchSizes({ rows: 12 }, 4)).toEqual({ full: 4, last: 0 })
  expect(batchSizes({ rows: 3 }, 4)).toEqual({ full: 3, last: 0 })
})

test('there is a program for each size of batch that occurs', () => {
  expect(Object.keys(graphs())).toEqual(['train', 'train.last', 'evaluate', 'evaluate.last'])
  expect(Object.keys(graphs({ batch: 5 }))).toEqual(['train', 'evaluate'])
  expect(Object.keys(graphs({ test: rows(8) }))).toEqual(['train', 'train.last', 'evaluate'])
})

test('evaluation takes the batch size of training, and no more than the test set has', () => {
  expect(inputsOf(graphs({ test: rows(40) }).evaluate!)).toEqual(['x f32[4,2]', 'y i32[4]'])
  expect(inputsOf(graphs({ test: rows(3) }).evaluate!)).toEqual(['x f32[3,2]', 'y i32[3]'])
})

test('a schedule makes the learning rate an input', () => {
  expect(inputsOf(graphs().train!)).toEqual(['x f32[4,2]', 'y i32[4]'])
  expect(inputsOf(graphs({ schedule: () => constant(0.1) }).train!)).toEqual([
    'x f32[4,2]',
    'y i32[4]',
    'rate f32[]',
  ])
})

test('bytes are fed as they are', () => {
  expect(inputsOf(graphs({ data: rows(10, new Uint8Array(20)) }).train!)[0]).toBe('x u8[4,2]')
})

test('labels are checked against the outputs of the model', () => {
  for (const graph of Object.values(graphs()))
    expect(graph.inputs.find(i => i.name === 'y')?.range).toEqual([0, 3])
})

test('evaluation changes nothing', () => {
  const { train, evaluate } = graphs()
  expect(train!.state.every(s => s.next !== undefined || s.role === undefined)).toBe(true)
  expect(evaluate!.state.filter(s => s.next !== undefined && s.next !== s.value)).toEqual([])
})

test('accuracy is counted unless it is not wanted', () => {
  const names = (accuracy: boolean) => graphs({ accuracy }).train!.outputs.map(o => o.name)
  expect(names(true)).toEqual(['loss', 'correct'])
  expect(names(false)).toEqual(['loss'])
})

test('microbatches cut full batches evenly, and the others into slices no larger', () => {
  const { programs } = trainingPrograms(model, {
    loss: crossEntropy,
    optimizer: adam(),
    data: rows(10),
    batch: 4,
    microbatches: 2,
  })
  const inputs = ['x', 'y']
  expect(Object.values(programs).map(spec => 'microbatches' in spec && spec.microbatches)).toEqual([
    { count: 2, inputs },
    { rows: 2, inputs },
    { count: 2, inputs },
    { rows: 2, inputs },
  ])
})
