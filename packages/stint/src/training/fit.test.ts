import { cpu } from '@stint/backend-cpu'
import { type Dataset, dataset, take } from '@stint/data'
import {
  adam,
  batchNorm,
  constant,
  crossEntropy,
  dropout,
  linear,
  oneCycle,
  relu,
  sequential,
} from '@stint/nn'
import { type FitOptions, fit, type StepReport } from '@stint/train'
import { expect, test } from 'vitest'

/** Points in the plane, classed by the quadrant in which they lie. */
function quadrants(n: number, shift = 0): Dataset {
  const x = Float32Array.from({ length: 2 * n }, (_, i) => ((i * 37 + shift) % 101) / 50 - 1)
  const y = Int32Array.from({ length: n }, (_, i) => (x[2 * i]! > 0 ? 1 : 0) + (x[2 * i + 1]! > 0 ? 2 : 0))
  return dataset({ x, y, xShape: [2], classes: 4 })
}

const model = sequential(linear(2, 16), batchNorm(16), relu(), dropout(0.1), linear(16, 4))

const options = (changes: Partial<FitOptions> = {}): FitOptions => ({
  loss: crossEntropy,
  optimizer: adam(0.02),
  data: quadrants(90),
  test: quadrants(30, 5),
  batch: 32,
  seed: 1,
  backend: cpu(),
  ...(changes.steps === undefined && { epochs: 2 }),
  ...changes,
})

async function all(run: AsyncIterable<StepReport>): Promise<StepReport[]> {
  const reports: StepReport[] = []
  for await (const report of run) reports.push(report)
  return reports
}

test('a run reports every step of every epoch, the short last ones included', async () => {
  await using run = fit(model, options())
  expect([run.steps, run.stepsPerEpoch, run.step]).toEqual([6, 3, 0])
  const reports = await all(run)
  expect(reports.map(r => [r.step, r.epoch, r.rows])).toEqual([
    [1, 1, 32],
    [2, 1, 32],
    [3, 1, 26],
    [4, 2, 32],
    [5, 2, 32],
    [6, 2, 26],
  ])
  for (const { loss, accuracy, learningRate, ms, samplesPerSecond, rows } of reports) {
    expect(loss).toBeGreaterThan(0)
    expect(Number.isInteger(Math.round(accuracy! * rows * 1e9) / 1e9)).toBe(true)
    expect(learningRate).toBe(0.02)
    expect(samplesPerSecond).toBeCloseTo((1000 * rows) / ms, 6)
  }
  expect(run.step).toBe(6)
  expect(await all(run)).toEqual([])
})

test('it learns', async () => {
  await using run = fit(model, options({ epochs: 40, schedule: steps => oneCycle(0.05, steps) }))
  const before = await run.evaluate()
  await all(run)
  const after = await run.evaluate()
  expect(before.rows).toBe(30)
  expect(after.loss).toBeLessThan(before.loss / 2)
  expect(after.accuracy).toBeGreaterThan(0.9)
})

test('a run that was broken off goes on where it stopped, to the same state', async () => {
  await using whole = fit(model, options())
  await all(whole)
  await using parts = fit(model, options())
  for (const stop of [1, 2, 5]) for await (const { step } of parts) if (step === stop) break
  expect(parts.step).toBe(5)
  const rest = await all(parts)
  expect(rest.map(r => r.step)).toEqual([6])
  expect(await parts.stateHash()).toBe(await whole.stateHash())
})

test('evaluation changes no state, and a number of steps is what is run', async () => {
  await using plain = fit(model, options({ steps: 4 }))
  expect(await all(plain)).toHaveLength(4)
  await using judged = fit(model, options({ steps: 4 }))
  for await (const _ of judged) await judged.evaluate()
  expect(await judged.stateHash()).toBe(await plain.stateHash())
})

test('the seed decides every number', async () => {
  const hash = async (seed: number) => {
    await using run = fit(model, options({ steps: 2, seed }))
    await all(run)
    return await run.stateHash()
  }
  expect(await hash(3)).toBe(await hash(3))
  expect(await hash(3)).not.toBe(await hash(4))
})

test('a schedule of one rate is the optimizer with that rate', async () => {
  const hash = async (changes: Partial<FitOptions>) => {
    await using run = fit(model, options({ steps: 3, ...changes }))
    await all(run)
    return await run.stateHash()
  }
  const scheduled = { optimizer: adam(123), schedule: () => constant(0.02) }
  expect(await hash(scheduled)).toBe(await hash({ optimizer: adam(0.02) }))
})

test('bytes are scaled to [0, 1] and labels in bytes widened, unless a recipe prepares them', async () => {
  const bytes = Uint8Array.from({ length: 60 }, (_, i) => (i * 37) % 256)
  const y = Uint8Array.from({ length: 30 }, (_, i) => i % 4)
  const data = dataset({ x: bytes, y, xShape: [2], classes: 4 })
  const floats = dataset({ ...data, x: Float32Array.from(bytes, b => Math.fround(b * Math.fround(1 / 255))) })
  const hash = async (changes: Partial<FitOptions>) => {
    await using run = fit(model, options({ steps: 2, test: take(data, 8), ...changes }))
    await all(run)
    return await run.stateHash()
  }
  const expected = await hash({ data: floats })
  expect(await hash({ data })).toBe(expected)
  expect(await hash({ data, prepare: x => x.cast('f32').mul(1 / 255) })).toBe(expected)
  expect(await hash({ data, prepare: x => x.cast('f32') })).not.toBe(expected)
})

test('other data sets can be evaluated in the arena as it is', async () => {
  await using run = fit(model, options({ steps: 3 }))
  await all(run)
  const { arenaBytes } = run.session
  const whole = quadrants(90)
  const sizes = [1, 7, 32, 33, 90]
  for (const rows of sizes) {
    const { rows: seen, accuracy } = await run.evaluate(take(whole, rows))
    expect(seen).toBe(rows)
    expect(accuracy).toBeGreaterThanOrEqual(0)
  }
  expect(run.session.arenaBytes).toBe(arenaBytes)
})

test('loss and accuracy of an evaluation are means over rows, not over batches', async () => {
  await using run = fit(model, options({ steps: 3 }))
  await all(run)
  const set = quadrants(40)
  const [first, rest] = [take(set, 32), dataset({ ...set, x: set.x.subarray(64), y: set.y.subarray(32) })]
  const [a, b, both] = [await run.evaluate(first), await run.evaluate(rest), await run.evaluate(set)]
  expect(both.loss).toBeCloseTo((32 * a.loss + 8 * b.loss) / 40, 12)
  expect(both.accuracy).toBeCloseTo((32 * a.accuracy! + 8 * b.accuracy!) / 40, 12)
})

test('without accuracy there is none', async () => {
  await using run = fit(model, options({ steps: 1, accuracy: false }))
  const [report] = await all(run)
  expect(report).not.toHaveProperty('accuracy')
  expect(await run.evaluate()).not.toHaveProperty('accuracy')
})

test('gradient clipping changes the result', async () => {
  const hash = async (changes: Partial<FitOptions>) => {
    await using run = fit(model, options({ steps: 2, ...changes }))
    await all(run)
    return await run.stateHash()
  }
  expect(await hash({ clipNorm: 1e-4 })).not.toBe(await hash({}))
})

test.each([
  [{ batch: 0 }, 'BATCH_SIZE'],
  [{ batch: 2.5 }, 'BATCH_SIZE'],
  [{ steps: 1, epochs: 1 }, 'OPTION'],
  [{ seed: -1 }, 'OPTION'],
  [{ flip: true }, 'SHAPE'],
  [{ data: { ...quadrants(8), y: Int32Array.of(0, 1, 2, 3, 0, 1, 2, 9) } }, 'LABEL_RANGE'],
  [{ data: { ...quadrants(4), x: Float32Array.of(0, 1, 2, 3, 4, 5, Number.NaN, 7) } }, 'NOT_FINITE'],
] as [Partial<FitOptions>, string][])(
  'options that cannot be used are refused at once: %#',
  (changes, code) => {
    expect(() => fit(model, options(changes))).toThrow(expect.objectContaining({ code }))
  },
)

test('a session is there once it is open, and gone once it is closed', async () => {
  const run = fit(model, options())
  expect(() => run.session).toThrow(expect.objectContaining({ code: 'NOT_OPEN' }))
  expect(() => run.plan).toThrow(expect.objectContaining({ code: 'NOT_OPEN' }))
  const session = await run.open()
  expect(await run.open()).toBe(session)
  expect(run.predictedPeakBytes).toBe(session.arenaBytes)
  await run.close()
  await run.close()
  await expect(run.evaluate()).rejects.toMatchObject({ code: 'CLOSED' })
})

test('a run that was never opened closes', async () => {
  await fit(model, options()).close()
})

test('evaluating nothing is refused', async () => {
  const { test: _, ...rest } = options()
  await using run = fit(model, rest)
  await expect(run.evaluate()).rejects.toMatchObject({ code: 'OPTION' })
})
