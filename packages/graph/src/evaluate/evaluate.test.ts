import { describe, expect, it, vi } from 'vitest'
import { bounded, constant, setState, state, trace } from '../trace/trace.ts'
import type { Value } from '../trace/value.ts'
import { f32, f64, i32 } from '../type.ts'
import { evaluate, evaluateNode } from './evaluate.ts'

describe('evaluate', () => {
  it('gives outputs by their names', () => {
    const { graph } = trace(
      (x, w) => ({ loss: (x as Value).matmul(w as Value).sum(), parts: [x as Value] }),
      [f32(1, 2), f32(2, 1)],
    )
    const x = Float32Array.of(2, 3)
    const { outputs } = evaluate(graph, { inputs: { 0: x, 1: Float32Array.of(10, 1) } })
    expect(outputs).toEqual({ loss: Float32Array.of(23), 'parts.0': x })
    expect(outputs['parts.0']).not.toBe(x)
  })

  it('gives state as it is after the run, and leaves what it was given', () => {
    const { graph } = trace(
      x => {
        const w = state('w', f32(2))
        state('kept', f32())
        setState('w', w.sub(x as Value))
        return w.sum()
      },
      [f32(2)],
    )
    const before = { w: Float32Array.of(5, 6), kept: Float32Array.of(9) }
    const after = evaluate(graph, { inputs: { 0: Float32Array.of(1, 2) }, state: before })
    expect(after.outputs.result).toEqual(Float32Array.of(11))
    expect(after.state).toEqual({ w: Float32Array.of(4, 4), kept: Float32Array.of(9) })
    expect(before.w).toEqual(Float32Array.of(5, 6))
  })

  it('reads constants wherever their bytes lie', () => {
    const { graph } = trace(() => constant([1, 2], [2], 'f64').add(1), [])
    const bytes = new Uint8Array(17)
    bytes.set(graph.constants[0]?.bytes ?? [], 1)
    const moved = {
      ...graph,
      constants: [{ value: graph.constants[0]?.value ?? 0, bytes: bytes.subarray(1) }],
    }
    expect(evaluate(moved).outputs.result).toEqual(Float64Array.of(2, 3))
  })

  it('is silent', () => {
    const spies = (['log', 'warn', 'error', 'info', 'debug'] as const).map(name => vi.spyOn(console, name))
    const { graph } = trace(x => (x as Value).softmax().log().mean(), [f32(2, 3)])
    evaluate(graph, { inputs: { 0: new Float32Array(6) } })
    for (const spy of spies) {
      expect(spy).not.toHaveBeenCalled()
      spy.mockRestore()
    }
  })

  it('evaluates a node alone', () => {
    const x = { type: f64(3), data: Float64Array.of(1, 2, 3) }
    expect(evaluateNode({ op: 'flip', attrs: { axes: [0] } }, [x])).toEqual([Float64Array.of(3, 2, 1)])
  })
})

describe('what is fed', () => {
  const { graph } = trace(
    (x, y) => [bounded(x as Value, 0, 10), (y as Value).add(state('s', f32()))],
    [i32(2), f32(1)],
  )
  const good = { inputs: { 0: Int32Array.of(0, 9), 1: Float32Array.of(1) }, state: { s: Float32Array.of(0) } }
  const cases: { what: string; feed: Parameters<typeof evaluate>[1]; says: RegExp }[] = [
    {
      what: 'an input is missing',
      feed: { ...good, inputs: { 0: good.inputs[0] } },
      says: /input '1' is missing/,
    },
    { what: 'a state is missing', feed: { inputs: good.inputs }, says: /state 's' is missing/ },
    {
      what: 'an input is unknown',
      feed: { ...good, inputs: { ...good.inputs, z: Float32Array.of(1) } },
      says: /there is no input 'z'; expected 0, 1/,
    },
    {
      what: 'the length is wrong',
      feed: { ...good, inputs: { ...good.inputs, 1: new Float32Array(2) } },
      says: /input '1' does not fit; expected Float32Array of 1 elements, as f32\[1\], got Float32Array of 2/,
    },
    {
      what: 'the kind is wrong',
      feed: { ...good, state: { s: new Float64Array(1) } },
      says: /state 's' does not fit.*got Float64Array of 1/,
    },
    {
      what: 'an integer is out of its range',
      feed: { ...good, inputs: { ...good.inputs, 0: Int32Array.of(3, 10) } },
      says: /input '0' is out of range; expected at least 0 and below 10, got 10 at element 1/,
    },
  ]

  it('runs where all is well', () => {
    expect(evaluate(graph, good).outputs['0']).toEqual(Int32Array.of(0, 9))
  })

  for (const { what, feed, says } of cases)
    it(`is refused where ${what}`, () => {
      expect(() => evaluate(graph, feed)).toThrow(expect.objectContaining({ code: 'FEED' }))
      expect(() => evaluate(graph, feed)).toThrow(says)
    })
})
