import fc from 'fast-check'
import { expect, test } from 'vitest'
import { modelOf } from '../../dag/model.ts'
import { randomDag } from '../../testing/random-dag.ts'
import { Simulation } from '../simulate.ts'
import { Timeline } from './timeline.ts'

const full = process.env.STINT_FULL === '1'

/** What following the whole sequence finds. */
function simulated(timeline: Timeline): { peak: number; cost: number } {
  const simulation = new Simulation(timeline.model)
  const sequence = timeline.sequence()
  const peak = simulation.run(sequence, sequence.length)
  return { peak, cost: simulation.cost }
}

/** Changes drawn from numbers: drops and what takes them back, moves of tasks. */
function change(timeline: Timeline, [kind, a, b]: readonly [number, number, number]): void {
  const stages = timeline.order.length
  const value = a % timeline.model.size.length
  const update = timeline.updates.tasks[a % Math.max(1, timeline.updates.tasks.length)]
  const near = [value, value - 1, value - 2].filter(v => v >= 0 && timeline.droppable(v))
  if (kind === 0) {
    const trial = near.map((v, i): [number, number] => [v, (b + (i >> 1)) % (stages + 1)])
    timeline.try(trial, a % 2 === 0)
    timeline.undo()
  } else if (kind < 3) timeline.drop(near.slice(0, 1).map(v => [v, b % (stages + 1)]))
  else if (kind < 5) timeline.drop(near.map((v, i) => [v, (b + (i >> 1)) % (stages + 1)]))
  else if (kind < 7) timeline.keep(timeline.drops().filter((_, i) => i % 3 === a % 3 || i === b % 5))
  else if (kind < 8 && update !== undefined) timeline.drop([[timeline.model.writes[update]![0]!, -1]])
  else if (stages > 0) {
    const from = a % stages
    const [first, last] = timeline.range(from)
    timeline.move(from, first + (b % (last - first + 1)))
  }
}

const changes = fc.array(fc.tuple(fc.nat(9), fc.nat(999), fc.nat(999)), { maxLength: 24 })

test('after any changes, peak and cost are those of following the whole sequence', () => {
  fc.assert(
    fc.property(
      fc.nat(1e6),
      fc.integer({ min: 1, max: 14 }),
      fc.boolean(),
      changes,
      (seed, tasks, plain, list) => {
        const model = modelOf(randomDag(seed, { tasks, plain }))
        const timeline = new Timeline(model, model.needed)
        for (const c of list) {
          change(timeline, c)
          expect({ peak: timeline.peak, cost: timeline.cost }).toEqual(simulated(timeline))
        }
      },
    ),
    { numRuns: full ? 100_000 : 400, seed: 5 },
  )
})

test('what is taken back, or saved and loaded, is as it was', () => {
  fc.assert(
    fc.property(fc.nat(1e6), fc.boolean(), changes, changes, (seed, plain, first, second) => {
      const model = modelOf(randomDag(seed, { tasks: 12, plain }))
      const timeline = new Timeline(model, model.needed)
      for (const c of first) change(timeline, c)
      const before = [
        timeline.peak,
        timeline.cost,
        timeline.profile.area,
        timeline.excess(0),
        [...timeline.sequence()],
      ]
      const saved = timeline.save()
      timeline.begin()
      for (const c of second) change(timeline, c)
      timeline.rollback()
      const look = (): unknown[] => [
        timeline.peak,
        timeline.cost,
        timeline.profile.area,
        timeline.excess(0),
        [...timeline.sequence()],
      ]
      expect(look()).toEqual(before)
      for (const c of second) change(timeline, c)
      timeline.load(saved)
      expect(look()).toEqual(before)
    }),
    { numRuns: full ? 50_000 : 200, seed: 6 },
  )
})

test('what is reserved counts at its stage, through changes and loading, until it is released', () => {
  fc.assert(
    fc.property(
      fc.nat(1e6),
      fc.nat(999),
      fc.integer({ min: 1, max: 500 }),
      changes,
      (seed, at, bytes, list) => {
        const model = modelOf(randomDag(seed, { tasks: 12 }))
        const [timeline, other] = [0, 0].map(() => new Timeline(model, model.needed)) as [Timeline, Timeline]
        const stage = at % (timeline.order.length + 1)
        const extra = (): number[] =>
          Array.from(
            { length: timeline.order.length + 1 },
            (_, b) => timeline.profile.at(b) - other.profile.at(b),
          )
        timeline.reserve(stage, bytes)
        for (const c of list) {
          change(timeline, c)
          change(other, c)
        }
        timeline.load(timeline.save())
        expect(extra()).toEqual(extra().map((_, b) => (b === stage ? bytes : 0)))
        timeline.release()
        expect(timeline.peak).toBe(other.peak)
      },
    ),
    { numRuns: full ? 2000 : 100, seed: 7 },
  )
})
