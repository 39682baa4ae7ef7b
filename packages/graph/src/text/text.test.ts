import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { GraphError } from '../errors.ts'
import type { Graph, Hints, Site } from '../graph.ts'
import { randomGraph } from '../testing/random-graph.ts'
import { trace } from '../trace/trace.ts'
import { f32 } from '../type.ts'
import { GraphSyntaxError, parseGraph, printGraph } from './index.ts'

const settings = { seed: 23, numRuns: process.env.STINT_FULL === '1' ? 400 : 60 }

const mlp = `graph mlp_step
  input %0 x: f32[128,784]
  input %1 y: i32[128] in [0, 10)
  state %2 l0.w: f32[784,10] parameter -> %9
  state %3 step: i32[]
  constant %4: f32[10] = "${'0000803f'.repeat(10)}"
  %5: f32[128,10] = dot %0 %2 {batch: [[], []], contract: [[1], [0]]} ; l0 model.ts:12
  %6: f32[128,10] = broadcast %4 {shape: [128, 10], axes: [1]} hints {keep: true} ; l0#1 model.ts:13 derivative
  %7: f32[128,10] = add %5 %6
  %8: f32[784,10] = dot %0 %7 {batch: [[], []], contract: [[0], [0]]} hints {region: "block 1"}
  %9: f32[784,10] = sub %2 %8
  return logits: %7, "a b": %9
`

/** Both directions: the text stays the same, and so does the graph. */
function expectRoundTrip(graph: Graph): void {
  const text = printGraph(graph)
  const back = parseGraph(text)
  expect(back).toStrictEqual(graph)
  expect(printGraph(back)).toBe(text)
}

describe('the text form of a graph', () => {
  test('reads as it was written', () => {
    expect(printGraph(parseGraph(mlp))).toBe(mlp)
  })

  test('says everything', () => {
    const graph = parseGraph(mlp)
    expect(graph.name).toBe('mlp_step')
    expect(graph.inputs).toEqual([
      { name: 'x', value: 0 },
      { name: 'y', value: 1, range: [0, 10] },
    ])
    expect(graph.state).toEqual([
      { path: 'l0.w', role: 'parameter', value: 2, next: 9 },
      { path: 'step', value: 3 },
    ])
    expect(graph.nodes[1]).toEqual({
      op: 'broadcast',
      attrs: { shape: [128, 10], axes: [1] },
      inputs: [4],
      results: [6],
      hints: { keep: true },
      site: { path: 'l0', call: 1, file: 'model.ts', line: 13, derivative: true },
    })
    expect(graph.outputs.map(o => o.name)).toEqual(['logits', 'a b'])
  })

  test('brings back every random graph', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 80 }), fc.boolean(), (seed, nodes, state) => {
        expectRoundTrip(randomGraph(seed, { nodes, state, dtype: seed % 2 === 0 ? 'f32' : 'f64' }))
      }),
      settings,
    )
  })

  test('brings back any name, site and hint', () => {
    const optional = <T>(a: fc.Arbitrary<T>) => fc.option(a, { nil: undefined })
    const word = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string(),
      fc.constantFrom(
        'derivative',
        'primal',
        'a.b',
        '0',
        '',
        'in',
        '#1',
        'x:1',
        '//',
        '"',
        'a\nb',
        '%1',
        '__proto__',
      ),
    )
    const site = fc
      .record({
        path: word,
        call: fc.nat(),
        file: optional(word),
        line: optional(fc.nat()),
        derivative: optional(fc.boolean()),
      })
      .map(s => defined(s) as Site)
    const hints = fc
      .record({ keep: optional(fc.boolean()), region: optional(word) })
      .map(h => defined(h) as Hints)
    const names = fc.record({ name: word, input: word, path: word, output: word, site, hints })
    const { graph } = trace(x => x.exp(), [f32(2)])
    fc.assert(
      fc.property(names, n => {
        const values = [...graph.values, f32(3)]
        const state = [{ path: n.path, role: 'optimizer' as const, value: 2 }]
        expectRoundTrip({
          ...graph,
          name: n.name,
          values,
          state,
          inputs: graph.inputs.map(i => ({ ...i, name: n.input })),
          outputs: graph.outputs.map(o => ({ ...o, name: n.output })),
          nodes: graph.nodes.map(node => ({ ...node, site: n.site, hints: n.hints })),
        })
      }),
      { ...settings, numRuns: 5 * settings.numRuns },
    )
  })

  test('brings back every attribute, −0, infinities and NaN included, and graphs within', () => {
    const key = fc.string().filter(k => k !== '__proto__')
    const number = fc.oneof(
      fc.double(),
      fc.constantFrom(-0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
    )
    const inner = { ...trace(x => x.mul(-0).exp(), [f32(2)], { name: 'a body' }).graph }
    const nested = { ...inner, nodes: inner.nodes.map(n => ({ ...n, attrs: { ...n.attrs, body: inner } })) }
    const { attr } = fc.letrec(tie => ({
      attr: fc.oneof(
        { depthSize: 'small' },
        number,
        fc.string({ unit: 'binary' }),
        fc.boolean(),
        fc.constant(null),
        fc.constantFrom(inner, nested),
        fc.array(tie('attr'), { maxLength: 3 }),
        fc.dictionary(key, tie('attr'), { maxKeys: 3, noNullPrototype: true }),
      ),
    }))
    const { graph } = trace(x => x.exp(), [f32(2)])
    fc.assert(
      fc.property(
        fc.dictionary(key, attr as fc.Arbitrary<null>, { maxKeys: 3, noNullPrototype: true }),
        attrs => {
          expectRoundTrip({ ...graph, nodes: graph.nodes.map(n => ({ ...n, attrs })) })
        },
      ),
      { ...settings, numRuns: 5 * settings.numRuns },
    )
  })

  test('takes comments, blank lines and lines that end as on Windows', () => {
    const text = mlp.replaceAll('\n', ' // why\n\n').replaceAll('\n', '\r\n')
    expect(parseGraph(`\n// first\n${text}`)).toEqual(parseGraph(mlp))
  })

  test('is empty for an empty graph', () => {
    const empty = { name: '', values: [], inputs: [], state: [], constants: [], outputs: [], nodes: [] }
    expect(printGraph(empty)).toBe('graph ""\n')
    expectRoundTrip(empty)
  })
})

const wrong: Record<string, [text: string, line: number, message: RegExp]> = {
  'no graph': ['input %0 x: f32[2]', 1, /expected 'graph' and its name, got 'input'/],
  'an empty text': ['', 1, /got the end of the text/],
  'a name left out': [
    'graph\n',
    1,
    /expected the name of the graph, plain or in quotes, got the end of the line/,
  ],
  'an unknown statement': ['graph g\n  let %0 x: f32[2]', 2, /expected 'input', 'state', .* got 'let'/],
  'a type left out': ['graph g\n  input %0 x', 2, /expected ':', got the end of the text/],
  'an unknown dtype': ['graph g\n  input %0 x: f16[2]', 2, /expected a type, such as f32\[2,3\], got 'f16'/],
  'a size that is not whole': [
    'graph g\n  input %0 x: f32[2.5]',
    2,
    /expected a size, a whole number, got '2.5'/,
  ],
  'an unclosed shape': ['graph g\n  input %0 x: f32[2', 2, /expected ',' or '\]'/],
  'half a range': ['graph g\n  input %0 x: i32[2] in [0)', 2, /expected ',', got '\)'/],
  'a bound that is no number': [
    'graph g\n  input %0 x: i32[2] in [0, ten)',
    2,
    /expected the upper bound, got 'ten'/,
  ],
  'an unknown op': [
    'graph g\n  input %0 x: f32[2]\n  %1: f32[2] = frobnicate %0',
    3,
    /expected an op, got 'frobnicate'/,
  ],
  'a value declared twice': [
    'graph g\n  input %0 x: f32[2]\n  input %0 y: f32[2]',
    3,
    /every value declared once, got %0/,
  ],
  'a value left out': ['graph g\n  input %1 x: f32[2]', 2, /%0 is not declared/],
  'odd digits': ['graph g\n  constant %0: u8[1] = "012"', 2, /two hexadecimal digits a byte/],
  'no digits': ['graph g\n  constant %0: u8[1] = "0z"', 2, /two hexadecimal digits a byte/],
  'a character from nowhere': [
    'graph g\n\n  input %0 x: f32[2] ~',
    3,
    /expected a word, %number, string or mark, got "~"/,
  ],
  'a bad escape': ['graph g\n  input %0 "\\q": f32[2]', 2, /a string as in JSON/],
  'something after the end': ['graph g\n  input %0 x: f32[2] y', 2, /expected the end of the line, got 'y'/],
  'an attribute without a value': [
    'graph g\n  input %0 x: f32[2]\n  %1: f32[2] = flip %0 {axes}',
    3,
    /expected ':', got '}'/,
  ],
  'an attribute of no kind': [
    'graph g\n  input %0 x: f32[2]\n  %1: f32[2] = flip %0 {axes: x1}',
    3,
    /expected a number, string/,
  ],
  'attributes nested without end': [
    `graph g\n  %0: f32[] = full {a: ${'['.repeat(200)}`,
    2,
    /at most 64 deep/,
  ],
}

describe('a text that is not a graph', () => {
  test.each(Object.entries(wrong))('%s', (_, [text, line, message]) => {
    let error: unknown
    try {
      parseGraph(text)
    } catch (e) {
      error = e
    }
    expect(error).toBeInstanceOf(GraphSyntaxError)
    expect(error).toBeInstanceOf(GraphError)
    expect((error as GraphSyntaxError).line).toBe(line)
    expect((error as GraphSyntaxError).message).toMatch(message)
    expect((error as GraphSyntaxError).message).toContain(`line ${line} `)
  })

  test('names the line of a node that does not fit', () => {
    const text = 'graph g\n  input %0 x: f32[2]\n  %1: f32[3] = exp %0\n'
    expect(() => parseGraph(text)).toThrow(
      /line 3, node 0 .*%1 is of another type; expected f32\[2\], got f32\[3\]/,
    )
  })

  test('names the line of a cycle', () => {
    const text = 'graph g\n  input %0 x: f32[2]\n  %1: f32[2] = add %0 %2\n  %2: f32[2] = exp %1\n'
    expect(() => parseGraph(text)).toThrow(
      /line 3, node 0 \(add → %1\): its result depends on itself.*line 4, node 1/,
    )
  })

  test('always throws a GraphError', () => {
    const pieces = fc.constantFrom(
      '',
      ' ',
      '%',
      '9',
      '{',
      '}',
      '"',
      '[',
      ']',
      ':',
      ',',
      ';',
      '\n',
      'graph',
      '->',
      '-0',
      '=',
    )
    fc.assert(
      fc.property(fc.nat(mlp.length), fc.nat(8), pieces, (at, drop, insert) => {
        try {
          parseGraph(mlp.slice(0, at) + insert + mlp.slice(at + drop))
        } catch (error) {
          expect(error).toBeInstanceOf(GraphError)
        }
      }),
      { ...settings, numRuns: 10 * settings.numRuns },
    )
  })
})

function defined(x: object): object {
  return Object.fromEntries(Object.entries(x).filter(([, v]) => v !== undefined))
}
