import type { Value } from '@stint/graph'
import { expect, test } from 'vitest'
import { grad, jvp, vjp } from './index.ts'
import { arg, compile } from './testing/numeric.ts'

/** Nodes of `fn` traced on one number. */
const nodes = (fn: (x: Value) => Value): number =>
  compile(x => fn(x as Value), [arg([1], [])]).graph.nodes.length

const squarings = (depth: number) => (x: Value) => {
  let y = x
  for (let i = 0; i < depth; i++) y = y.square()
  return y
}

/** Two edges lead from every rung to the next: 2ⁿ paths, 3n edges. */
const ladder = (depth: number) => (x: Value) => {
  let y = x
  for (let i = 0; i < depth; i++) y = y.mul(y).add(y)
  return y
}

const transforms: Record<string, (f: (x: Value) => Value) => (x: Value) => Value> = {
  grad: f => grad(f) as (x: Value) => Value,
  vjp: f => x => vjp(f, x)[1](x)[0] as Value,
  jvp: f => x => jvp(f, [x], [x])[1],
  'grad of grad': f => grad(grad(f) as (x: Value) => Value) as (x: Value) => Value,
  'jvp of grad': f => x => jvp(grad(f) as (x: Value) => Value, [x], [x])[1],
}

for (const [name, transform] of Object.entries(transforms))
  for (const [shape, of] of Object.entries({ chain: squarings, ladder }))
    test(`${name} of a ${shape} has as many nodes a rung at every depth`, () => {
      const [n20, n40, n60] = [20, 40, 60].map(depth => nodes(transform(of(depth)))) as [
        number,
        number,
        number,
      ]
      expect(n60 - n40).toBe(n40 - n20)
      // The first derivative: the function itself, at most twice, and for each edge a product and a sum.
      const perRung = (n60 - n40) / 20
      const edges = shape === 'chain' ? 1 : 4
      const most = name.includes(' of ') ? 12 * edges + 12 : 3 * edges + 3
      expect(perRung).toBeLessThanOrEqual(most)
    })

test('the gradient of a ladder of depth 60 is the product over its rungs', () => {
  const x = 1e-3
  const { run } = compile(v => grad(ladder(60))(v as Value), [arg([x], [])])
  let [y, slope] = [x, 1]
  for (let i = 0; i < 60; i++) {
    slope *= 2 * y + 1
    y = y * y + y
  }
  expect(run(arg([x], []))[0]?.[0]).toBeCloseTo(slope, 10)
})

test('what does not lead to the result costs nothing', () => {
  const busy = (x: Value): Value => {
    let y = x
    for (let i = 0; i < 50; i++) y = y.sin()
    return x.square()
  }
  const forward = nodes(busy)
  expect(nodes(grad(busy) as (x: Value) => Value)).toBeLessThanOrEqual(forward + 6)
})

test('what does not depend on the argument is not differentiated', () => {
  const f = (x: Value, w: Value): Value => {
    let y = w
    for (let i = 0; i < 50; i++) y = y.sin()
    return x.mul(y)
  }
  const [own, both] = [0, [0, 1] as const].map(
    argnums =>
      compile((x, w) => grad(f, { argnums })(x as Value, w as Value) as Value, [arg([1], []), arg([1], [])])
        .graph.nodes.length,
  ) as [number, number]
  expect(own).toBeLessThan(60)
  expect(both).toBeGreaterThan(140)
})
