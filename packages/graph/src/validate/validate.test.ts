import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { GraphError } from '../errors.ts'
import type { Graph, Node } from '../graph.ts'
import { opDef } from '../ops/index.ts'
import { Random } from '../testing/random.ts'
import { randomGraph } from '../testing/random-graph.ts'
import { trace } from '../trace/trace.ts'
import { f32 } from '../type.ts'
import { validateGraph } from './index.ts'

const settings = { seed: 29, numRuns: process.env.STINT_FULL === '1' ? 400 : 40 }

/** A graph that may be changed anywhere, to anything. */
// biome-ignore lint/suspicious/noExplicitAny: data from outside has no type.
type Loose = any

/** Changes a graph for the worse; false where it has nothing to change. */
type Mutation = (graph: Loose, random: Random) => boolean | undefined

const someNode = (graph: Loose, random: Random): Loose => random.pick(graph.nodes)
const anything = [undefined, null, 7, -1, 0.5, Number.NaN, 'x', true, [], [{}], () => 0, 1n]

/** A field of some part set to what it can never be. */
function field(
  part: (graph: Loose, random: Random) => Loose,
  name: string,
  values: readonly unknown[],
): Mutation {
  return (graph, random) => {
    const target = part(graph, random)
    if (target === undefined) return false
    target[name] = random.pick(values)
    return true
  }
}

const but = (...fine: readonly unknown[]) => anything.filter(x => !fine.includes(x))
const noLists = anything.filter(x => !Array.isArray(x))
const notIds = [...but(7), 1e9, '0', -0.5]

const mutations: Record<string, Mutation> = {
  'a name that is no text': field(g => g, 'name', but('x')),
  'values that are no list': field(g => g, 'values', noLists),
  'nodes that are no list': field(g => g, 'nodes', noLists),
  'inputs that are no list': field(g => g, 'inputs', but()),
  'outputs that are no list': field(g => g, 'outputs', [undefined, null, 7, 'x', [{}], [null]]),
  'a value of no type': (g, r) => {
    g.values[r.int(0, g.values.length - 1)] = r.pick([null, 7, 'f32[2]', {}, []])
    return true
  },
  'an unknown dtype': field((g, r) => r.pick(g.values), 'dtype', ['f16', ...but()]),
  'a shape that is none': field((g, r) => r.pick(g.values), 'shape', [
    [-1],
    [0.5],
    [Number.NaN],
    ['2'],
    [2 ** 53],
    [2 ** 30, 2 ** 30],
    2,
    null,
  ]),
  'another dtype for a result': (g, r) => {
    const node = someNode(g, r)
    const type = g.values[node.results[0]]
    type.dtype = type.dtype === 'u8' ? 'f32' : 'u8'
    return true
  },
  'another size for a result': (g, r) => {
    const type = g.values[someNode(g, r).results[0]]
    type.shape = [...type.shape, 2]
    return true
  },
  'an unknown op': field(someNode, 'op', ['frobnicate', 'toString', '__proto__', ...but()]),
  'attributes that are no object': field(someNode, 'attrs', [undefined, null, 7, 'x', [], () => 0]),
  'an attribute that is no plain data': (g, r) => {
    someNode(g, r).attrs.more = r.pick([
      undefined,
      () => 0,
      1n,
      Symbol('x'),
      new Map(),
      new Float32Array(1),
      new Date(0),
    ])
    return true
  },
  'attributes that hold themselves': (g, r) => {
    const { attrs } = someNode(g, r)
    attrs.self = attrs
    return true
  },
  'an attribute left out': (g, r) => {
    const nodes = g.nodes.filter((n: Node) => Object.keys(n.attrs).length > 0)
    if (nodes.length === 0) return false
    const { attrs } = r.pick<Loose>(nodes)
    delete attrs[r.pick(Object.keys(attrs))]
    return true
  },
  'an attribute of another kind': (g, r) => {
    const nodes = g.nodes.filter((n: Node) => Object.keys(n.attrs).length > 0)
    if (nodes.length === 0) return false
    const { attrs } = r.pick<Loose>(nodes)
    attrs[r.pick(Object.keys(attrs))] = r.pick([null, 'x', true, -1.5e9, [-1], ['x'], {}])
    return true
  },
  'inputs of a node that are no list': field(someNode, 'inputs', noLists),
  'results of a node that are no list': field(someNode, 'results', but()),
  'an input that is no value': (g, r) => {
    const node = someNode(g, r)
    node.inputs[0] = r.pick(notIds)
    return true
  },
  'a result that is no value': (g, r) => {
    someNode(g, r).results[0] = r.pick(notIds)
    return true
  },
  'one input too many': (g, r) => {
    const node = someNode(g, r)
    const { arity } = opDef(node.op)
    if (typeof arity !== 'number') return false
    node.inputs.push(g.inputs[0].value)
    return true
  },
  'one input too few': (g, r) => {
    const nodes = g.nodes.filter((n: Node) => n.inputs.length > 0 && typeof opDef(n.op).arity === 'number')
    if (nodes.length === 0) return false
    r.pick<Loose>(nodes).inputs.pop()
    return true
  },
  'no inputs for a concat': (g, r) => {
    const nodes = g.nodes.filter((n: Node) => n.op === 'concat')
    if (nodes.length === 0) return false
    r.pick<Loose>(nodes).inputs = []
    return true
  },
  'one result too many': (g, r) => {
    someNode(g, r).results.push(g.values.push(f32(1)) - 1)
    return true
  },
  'no result': (g, r) => {
    someNode(g, r).results = []
    return true
  },
  'a value that nothing computes': g => {
    g.values.push(f32(1))
    return true
  },
  'a node left out': (g, r) => {
    g.nodes.splice(r.int(0, g.nodes.length - 1), 1)
    return true
  },
  'a node twice': (g, r) => {
    g.nodes.splice(r.int(0, g.nodes.length), 0, someNode(g, r))
    return true
  },
  'a value computed twice': (g, r) => {
    const [a, b] = r.shuffle(g.nodes as Loose[])
    if (b === undefined) return false
    a.results = b.results
    return true
  },
  'an input that a node computes': (g, r) => {
    g.inputs[0].value = someNode(g, r).results[0]
    return true
  },
  'a node that reads its own result': (g, r) => {
    const nodes = g.nodes.filter((n: Node) => n.inputs.length > 0)
    if (nodes.length === 0) return false
    const node = r.pick<Loose>(nodes)
    node.inputs[r.int(0, node.inputs.length - 1)] = node.results[0]
    return true
  },
  'nodes in the wrong order': g => {
    const at = g.nodes.findIndex((n: Node, i: number) =>
      g.nodes.some((m: Node, j: number) => j < i && n.inputs.some(id => m.results.includes(id))),
    )
    if (at < 0) return false
    g.nodes.unshift(...g.nodes.splice(at, 1))
    return true
  },
  'two inputs of one name': g => {
    g.inputs[1].name = g.inputs[0].name
    return true
  },
  'two states of one path': field(g => g.state[1], 'path', ['layer0.w']),
  'two outputs of one name': g => {
    g.outputs.push(g.outputs[0])
    return true
  },
  'an input that is no value of the graph': field((g, r) => r.pick(g.inputs), 'value', notIds),
  'a range that is none': field((g, r) => r.pick(g.inputs), 'range', [
    ...but(undefined),
    [1],
    [1, 'x'],
    [Number.NaN, 1],
  ]),
  'a state that is no value': field((g, r) => r.pick(g.state), 'value', notIds),
  'an unknown role': field((g, r) => r.pick(g.state), 'role', but(undefined)),
  'a successor that is no value': field((g, r) => r.pick(g.state), 'next', [...but(7, undefined), 1e9]),
  'a successor of another type': (g, r) => {
    const state = r.pick<Loose>(g.state)
    if (state === undefined) return false
    state.next = g.values.push({ dtype: 'u8', shape: [3] }) - 1
    g.inputs.push({ name: 'more', value: state.next })
    return true
  },
  'an output that is no value': field((g, r) => r.pick(g.outputs), 'value', notIds),
  'an output without a name': field((g, r) => r.pick(g.outputs), 'name', but('x')),
  'bytes that are none': field((g, r) => r.pick(g.constants), 'bytes', [...but(), new Float32Array(1), 'ff']),
  'bytes too few': (g, r) => {
    const constant = r.pick<Loose>(g.constants)
    if (constant === undefined || constant.bytes.length === 0) return false
    constant.bytes = constant.bytes.slice(1)
    return true
  },
  'a bool that is neither': g => {
    const constant = g.constants.find((c: Loose) => g.values[c.value].dtype === 'bool' && c.bytes.length > 0)
    if (constant === undefined) return false
    constant.bytes[0] = 2
    return true
  },
  'a site that is none': field(someNode, 'site', [
    null,
    7,
    'x',
    [],
    {},
    { path: 'a' },
    { path: 7, call: 0 },
    { path: '', call: -1 },
  ]),
  'a file that is none': (g, r) => {
    someNode(g, r).site.file = r.pick(but('x', undefined))
    return true
  },
  'a line that is none': (g, r) => {
    someNode(g, r).site.line = r.pick(but(7, undefined))
    return true
  },
  'a mark of a derivative that is none': (g, r) => {
    someNode(g, r).site.derivative = r.pick(but(true, undefined))
    return true
  },
  'hints that are none': field(someNode, 'hints', [null, 7, 'x', [], { keep: 1 }, { region: 1 }]),
}

describe('validateGraph', () => {
  test('accepts random graphs, and gives the same object', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 60 }), (seed, nodes) => {
        const graph = randomGraph(seed, { nodes })
        expect(validateGraph(graph)).toBe(graph)
        expect(() => validateGraph(structuredClone(graph))).not.toThrow()
      }),
      settings,
    )
  })

  test.each(Object.entries(mutations))('refuses %s', (_, mutate) => {
    let refused = 0
    for (let seed = 0; seed < settings.numRuns; seed++) {
      const graph = structuredClone(graphs[seed % graphs.length]) as Loose
      if (mutate(graph, new Random(seed)) === false) continue
      let error: unknown
      try {
        validateGraph(graph)
      } catch (e) {
        error = e
      }
      expect(error, `seed ${seed}`).toBeInstanceOf(GraphError)
      refused++
    }
    expect(refused).toBeGreaterThan(5)
  })

  test.each([undefined, null, 7, 'graph', [], {}, { name: 'g' }, () => 0])('refuses %s', x => {
    expect(() => validateGraph(x)).toThrow(GraphError)
  })
})

const graphs: readonly Graph[] = Array.from({ length: 20 }, (_, i) => randomGraph(i, { nodes: 30 }))

describe('the message', () => {
  const { graph } = trace((x, y) => x.exp().add(y).neg(), [f32(2), f32(2)])
  const change = (mutate: (graph: Loose) => void) => {
    const changed = structuredClone(graph) as Loose
    mutate(changed)
    return () => validateGraph(changed)
  }

  test('of a cycle names the nodes on it', () => {
    const cyclic = change(g => {
      g.nodes[1].inputs[1] = g.nodes[2].results[0]
    })
    expect(cyclic).toThrow(
      'node 1 (add → %3): its result depends on itself: ' +
        'node 1 (add → %3) ← node 2 (neg → %4) ← node 1 (add → %3). A graph has no cycles.',
    )
  })

  test('of a wrong order says what comes first', () => {
    const late = change(g => g.nodes.reverse())
    expect(late).toThrow('node 0 (neg → %4): reads %3 before node 1 (add → %3) computes it')
  })

  test('of a wrong type says which', () => {
    const wrong = change(g => {
      g.values[3] = f32(3)
    })
    expect(wrong).toThrow('node 1 (add → %3): %3 is of another type; expected f32[2], got f32[3]')
  })

  test('of operands that do not fit is that of the op', () => {
    const wrong = change(g => {
      g.values[1] = f32(3)
    })
    expect(wrong).toThrow('node 1 (add → %3): operands differ in shape; expected f32[2], got f32[3]')
  })

  test('names the nested graph of a node', () => {
    const nested = change(g => {
      g.nodes[0].attrs = { body: { ...structuredClone(graph), outputs: [{ name: 'y', value: 99 }] } }
    })
    expect(nested).toThrow('node 0 (exp → %2), output 0: there is no value %99; expected at most %4')
  })
})
