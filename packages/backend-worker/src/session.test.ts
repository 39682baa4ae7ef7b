import { wasm } from '@stint/backend-wasm'
import { openSession, type Session, type SessionOptions, type Target } from '@stint/engine'
import { f32, type Graph, setState, state, trace, type Value } from '@stint/graph'
import { randomGraph, randomInputs } from '@stint/graph/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { worker } from './worker.ts'

const threadCounts = [1, 2, 3]

/** A target by which every kernel seems worth sharing. */
function costly(target: Target): Target {
  return { ...target, costs: { ...target.costs, step: 1e6 } }
}

const [rows, width, classes, depth] = [67, 45, 10, 5]

/** Layers with a softmax behind them, trained by hand-written derivatives: products, reductions and maps. */
const step: Graph = (() => {
  const fn = (x: Value, y: Value) => {
    const weights = Array.from({ length: depth }, (_, i) => state(`w${i}`, f32(width, width), 'parameter'))
    const last = state('last', f32(width, classes), 'parameter')
    const kept = [x]
    for (const w of weights) kept.push(kept[kept.length - 1]!.matmul(w).tanh())
    const logits = kept[depth]!.matmul(last)
    const e = logits.sub(logits.max([1], true)).exp()
    const p = e.div(e.sum([1], true))
    const dl = p.sub(y).mul(1 / rows)
    setState('last', last.sub(kept[depth]!.transpose().matmul(dl).mul(0.5)))
    let ct = dl.matmul(last.transpose())
    for (let i = depth - 1; i >= 0; i--) {
      const dz = ct.mul(kept[i + 1]!.square().neg().add(1))
      ct = dz.matmul(weights[i]!.transpose())
      setState(`w${i}`, weights[i]!.sub(kept[i]!.transpose().matmul(dz).mul(0.5)))
    }
    return { loss: p.mul(y).sum([1]).log().mean().neg() }
  }
  return trace(fn, [f32(rows, width), f32(rows, classes)], { name: 'step', names: ['x', 'y'] }).graph
})()

/** Numbers in (−1, 1) that look random. */
function numbers(count: number, seed: number): Float32Array {
  let s = seed >>> 0
  return Float32Array.from({ length: count }, () => {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0
    return s / 2147483648 - 1
  })
}

const inputs = {
  x: numbers(rows * width, 1),
  y: Float32Array.from({ length: rows * classes }, (_, i) =>
    i % classes === (Math.floor(i / classes) * 7) % classes ? 1 : 0,
  ),
}

async function open(options: Partial<SessionOptions>): Promise<Session> {
  const backend = options.backend ?? wasm()
  const session = await openSession({ programs: { step }, backend, ...options })
  for (const [i, { path, type }] of session.state.entries())
    await session.writeState({
      [path]: numbers(
        type.shape.reduce((n, d) => n * d, 1),
        10 + i,
      ),
    })
  return session
}

/** The bytes of losses and weights after some steps. */
async function train(session: Session, steps = 4): Promise<string> {
  const seen: string[] = []
  const note = (array: ArrayBufferView): void => {
    seen.push(Buffer.from(array.buffer, array.byteOffset, array.byteLength).toString('base64'))
  }
  for (let i = 0; i < steps; i++) note((await session.run('step', inputs)).loss!)
  for (const { path } of session.state) note(await session.readState(path))
  return seen.join('\n')
}

describe('training has the bits of the wasm backend', async () => {
  await using reference = await open({})
  const expected = await train(reference)

  test.each(threadCounts)('on %i threads', async threads => {
    const backend = worker({ threads })
    const target = await backend.target()
    expect(target).toMatchObject({ backend: 'worker', threads, numerics: 1, features: { shared: true } })
    for (const t of [target, costly(target)]) {
      await using session = await open({ backend: worker({ threads }), target: t })
      expect(await train(session)).toBe(expected)
    }
  })

  test('with a budget', async () => {
    const backend = worker({ threads: 2 })
    await using session = await open({
      backend,
      target: costly(await backend.target()),
      memory: '85%',
    })
    expect(await train(session)).toBe(expected)
    expect(session.arenaBytes).toBeLessThan(reference.arenaBytes)
    const held = session.heldBytes - session.arenaBytes
    expect(held).toBeGreaterThanOrEqual(0)
    expect(held).toBeLessThan(65536 + 16384)
  })

  test('several sessions at once, on the same threads', async () => {
    const backend = worker({ threads: 2 })
    const target = costly(await backend.target())
    const sessions = await Promise.all([1, 2, 3].map(() => open({ backend, target })))
    const got = await Promise.all(sessions.map(s => train(s)))
    expect(got).toEqual([expected, expected, expected])
    await Promise.all(sessions.map(s => s.close()))
  })
})

test('each step touches what it declares, and nothing else', async () => {
  const backend = worker({ threads: 3 })
  await using session = await open({ backend, target: costly(await backend.target()) })
  const { report } = await session.audit('step', inputs)
  expect(report.steps).toBeGreaterThan(5)
})

test('random graphs have the bits of the wasm backend', async () => {
  const threaded = worker({ threads: 3 })
  const target = costly(await threaded.target())
  const run = async (graph: Graph, seed: number, options: Partial<SessionOptions>) => {
    const fed = randomInputs(graph, seed)
    await using session = await openSession({ programs: { main: graph }, backend: wasm(), ...options })
    if (session.state.length > 0) await session.writeState(fed.state ?? {})
    const outputs = await session.run('main', fed.inputs ?? {})
    const states = await Promise.all(session.state.map(s => session.readState(s.path)))
    return [...Object.values(outputs), ...states].map(a => [...new Uint8Array(a.buffer)])
  }
  await fc.assert(
    fc.asyncProperty(fc.nat(1e6), fc.integer({ min: 5, max: 40 }), async (seed, nodes) => {
      const graph = randomGraph(seed, { nodes })
      const expected = await run(graph, seed, {}).catch(e => e)
      if (expected instanceof Error) {
        expect(expected).toMatchObject({ code: 'UNSUPPORTED_KERNEL' })
        return
      }
      expect(await run(graph, seed, { backend: threaded, target })).toEqual(expected)
    }),
    { seed: 5, numRuns: process.env.STINT_FULL === '1' ? 300 : 25 },
  )
})
