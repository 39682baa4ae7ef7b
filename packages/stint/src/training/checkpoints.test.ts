import { createHash } from 'node:crypto'
import { cpu } from '@stint/backend-cpu'
import { wasm } from '@stint/backend-wasm'
import { type Backend, openSession, type Session, toDag } from '@stint/engine'
import { checkpoint, f32, i32, keep, type Value } from '@stint/graph'
import {
  batchNorm,
  conv2d,
  crossEntropy,
  flatten,
  initialState,
  type Layer,
  linear,
  type Module,
  module,
  relu,
  residual,
  sequential,
  sgd,
  tensorsOf,
  trainStep,
} from '@stint/nn'
import { describe, expect, test } from 'vitest'

const rows = 8
const x = Float32Array.from({ length: rows * 64 }, (_, i) => Math.sin(7 * i * i + 1))
const y = Int32Array.from({ length: rows }, (_, i) => i % 3)

const body = () =>
  sequential(
    conv2d(8, 8, 3, { padding: 'same' }),
    batchNorm(8),
    relu(),
    conv2d(8, 8, 3, { padding: 'same' }),
    batchNorm(8),
  )

/** A residual network of as many blocks, each wrapped in `wrap`. */
function network(wrap: (block: Module) => Module, blocks = 4): Module {
  const all = Array.from({ length: blocks }, () => wrap(residual(body())))
  return sequential(conv2d(1, 8, 3, { padding: 'same' }), ...all, flatten(), linear(8 * 64, 3))
}

async function run(
  model: Layer,
  options: { backend?: Backend; memory?: string; microbatches?: number } = {},
): Promise<{ state: string[]; session: Session }> {
  const { backend = cpu(), memory = 'none', microbatches } = options
  const fn = trainStep(model, { loss: crossEntropy, optimizer: sgd(0.1, { momentum: 0.9 }) })
  const train = { fn, inputs: [f32(rows, 1, 8, 8), i32(rows)], names: ['x', 'y'] }
  const session = await openSession({
    programs: { train: { ...train, ...(microbatches !== undefined && { microbatches }) } },
    backend,
    memory,
  })
  await session.writeState(initialState(model, 3, sgd(0.1, { momentum: 0.9 })))
  const state: string[] = []
  for (let i = 0; i < 2; i++) {
    const { outputs } = await session.audit('train', { x, y })
    state.push(hash(outputs.loss!))
  }
  for (const { path } of session.state) state.push(hash(await session.readState(path)))
  return { state, session }
}

function hash(array: ArrayBufferView): string {
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16)
}

describe('a residual network whose blocks are checkpoints', () => {
  test.each([
    ['cpu', cpu],
    ['wasm', wasm],
  ])('computes them again without a budget, needs less, and has the same bits, on %s', async (_, backend) => {
    const plain = await run(
      network(block => block),
      { backend: backend() },
    )
    const hinted = await run(network(checkpoint), { backend: backend() })
    expect(hinted.state).toEqual(plain.state)
    const [a, b] = [plain.session.plan(), hinted.session.plan()]
    expect(a.recomputedTasks).toBe(0)
    expect(b.recomputedTasks).toBeGreaterThan(0)
    expect(b.arenaBytes).toBeLessThan(0.85 * a.arenaBytes)
    expect(toDag(hinted.session).checkpoints).toHaveLength(4)
    await plain.session.close()
    await hinted.session.close()
  })

  test('has parameters of the same paths', () => {
    const paths = (model: Module) => [...tensorsOf(model).keys()]
    expect(paths(network(checkpoint))).toEqual(paths(network(block => block)))
  })

  test('keeps a budget, with the same bits', async () => {
    const free = await run(network(checkpoint, 2))
    const tight = await run(network(checkpoint, 2), { memory: '97%' })
    expect(tight.state).toEqual(free.state)
    expect(tight.session.arenaBytes).toBeLessThan(free.session.arenaBytes)
  })
})

test('regions within regions, of functions as of modules, change no bit', async () => {
  const branch = (v: Value) => v.tanh().mul(v).exp().sin()
  const conv = () => conv2d(8, 8, 3, { padding: 'same' })
  const nested = (isHinted: boolean) => {
    const inner = isHinted ? checkpoint(branch) : branch
    const block = module({ a: conv(), b: conv() }, (m, v) => m.b(inner(m.a(v))))
    const first = conv2d(1, 8, 3, { padding: 'same' })
    return sequential(first, isHinted ? checkpoint(block) : block, flatten(), linear(8 * 64, 3))
  }
  const [plain, hinted] = [await run(nested(false)), await run(nested(true))]
  expect(hinted.state).toEqual(plain.state)
  expect(hinted.session.plan().recomputedTasks).toBeGreaterThan(0)
})

test('each microbatch has its own regions', async () => {
  const model = (wrap: (block: Module) => Module) => {
    const block = () =>
      wrap(
        residual(
          sequential(conv2d(8, 8, 3, { padding: 'same' }), relu(), conv2d(8, 8, 3, { padding: 'same' })),
        ),
      )
    return sequential(conv2d(1, 8, 3, { padding: 'same' }), block(), block(), flatten(), linear(8 * 64, 3))
  }
  const plain = await run(
    model(block => block),
    { microbatches: 2 },
  )
  const hinted = await run(model(checkpoint), { microbatches: 2 })
  expect(hinted.state).toEqual(plain.state)
  expect(toDag(hinted.session).checkpoints).toHaveLength(4)
})

test('what is kept is never computed twice, in the smallest budget', async () => {
  const model = (hint: (v: Value) => Value) =>
    sequential(
      linear(64, 64),
      (v: Value) => hint(v.tanh()),
      linear(64, 64),
      (v: Value) => v.tanh(),
      linear(64, 3),
    )
  const flat = (hint: (v: Value) => Value) => sequential(flatten(), model(hint))
  const [plain, kept] = [await run(flat(v => v)), await run(flat(keep), { memory: '100%' })]
  expect(kept.state).toEqual(plain.state)
  const { plan, dag } = kept.session.program()
  const once = dag.dag.tasks.flatMap((t, i) => (t.once === true ? [i] : []))
  expect(once.length).toBeGreaterThan(0)
  for (const t of once) expect(plan.steps.filter(s => 'run' in s && s.run === t)).toHaveLength(1)
})
