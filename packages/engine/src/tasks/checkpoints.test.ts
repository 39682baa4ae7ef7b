import {
  checkpoint,
  f32,
  type Graph,
  keep,
  setState,
  state,
  type Traceable,
  trace,
  type Value,
} from '@stint/graph'
import { describe, expect, test } from 'vitest'
import { checkpointsOf } from './checkpoints.ts'
import { type TaskGraph, toTasks } from './tasks.ts'

const graphOf = (fn: Traceable): Graph => trace(fn, [f32(8, 8), f32(8, 8)]).graph
const opsOf = ({ tasks, kernels }: TaskGraph, i: number): string =>
  kernels[(tasks[i]!.run as { kernel: number }).kernel]!.body.map(n => n.op).join(' ')

describe('kernels', () => {
  test('end where a region ends, on both sides', () => {
    const plain = (x: Value, w: Value) => x.matmul(w).tanh().exp().sin().sum()
    const split = (x: Value, w: Value) =>
      checkpoint((y: Value) => y.exp())(x.matmul(w).tanh())
        .sin()
        .sum()
    const [one, apart] = [plain, split].map(fn => toTasks(graphOf(fn))) as [TaskGraph, TaskGraph]
    expect(one.tasks.map((_, i) => opsOf(one, i))).toEqual(['dot tanh exp sin', 'sum'])
    expect(apart.tasks.map((_, i) => opsOf(apart, i))).toEqual(['dot tanh', 'exp', 'sin sum'])
    expect(apart.tasks.map(t => t.region)).toEqual([undefined, 'region#0', undefined])
  })

  test('compute what a region reads before it, where its sources are larger', () => {
    const graph = graphOf((x: Value, w: Value) =>
      checkpoint((y: Value) => y.matmul(w).tanh())(x.matmul(w).add(w.matmul(x).transpose())),
    )
    const [region] = toTasks(graph).tasks.filter(t => t.region !== undefined)
    expect(region!.reads).toHaveLength(2)
  })

  test('run once for what is kept, which they do not share with what may be computed again', () => {
    const graph = graphOf((x: Value, w: Value) => {
      const y = keep(x.exp())
      return [y.matmul(w), x.exp().add(x.sin()).matmul(w), y.sin().matmul(w)]
    })
    const all = toTasks(graph)
    const once = all.tasks.flatMap((t, i) => (t.once ? [opsOf(all, i)] : []))
    expect(once).toEqual(['exp'])
  })
})

describe('regions', () => {
  const block = checkpoint((x: Value, w: Value) => x.matmul(w).tanh().matmul(w).sin())

  test('keep results, and drop what lies between', () => {
    const all = toTasks(graphOf((x: Value, w: Value) => block(block(x, w), w).sum()))
    const found = checkpointsOf(all)
    expect(found).toHaveLength(2)
    for (const { tasks, keeps } of found) {
      expect(tasks.map(i => opsOf(all, i))).toEqual(['dot tanh', 'dot sin'])
      expect(keeps).toEqual(all.tasks[tasks[1]!]!.writes)
    }
  })

  test('within others are parts of them', () => {
    const outer = checkpoint((x: Value, w: Value) => block(x, w).exp().matmul(w).cos())
    const all = toTasks(graphOf((x: Value, w: Value) => outer(x, w).sum()))
    expect(checkpointsOf(all).map(r => [r.tasks.length, r.keeps.length])).toEqual([
      [3, 1],
      [2, 1],
    ])
  })

  test('keep what outlasts the run, and what must not be computed twice', () => {
    const all = toTasks(
      graphOf((x: Value, w: Value) => {
        const count = state('count', f32(8), 'statistic')
        return checkpoint((y: Value) => {
          const z = y.matmul(w)
          setState('count', count.add(z.sum(0)))
          return keep(z.tanh().matmul(w)).exp().matmul(w)
        })(x)
      }),
    )
    const [{ tasks, keeps }] = checkpointsOf(all) as [ReturnType<typeof checkpointsOf>[0]]
    const dropped = tasks.flatMap(i => all.tasks[i]!.writes).filter(v => !keeps.includes(v))
    expect(keeps.length).toBeGreaterThanOrEqual(3)
    expect(dropped.length).toBeGreaterThan(0)
    for (const v of [all.next[0]!.next, all.outputs[0]!.value]) expect(keeps).toContain(v)
    for (const t of all.tasks) if (t.once) for (const v of t.writes) expect(keeps).toContain(v)
  })

  test('with nothing between need no checkpoint', () => {
    const all = toTasks(graphOf(checkpoint((x: Value, w: Value) => x.matmul(w).tanh())))
    expect(checkpointsOf(all)).toEqual([])
  })
})
