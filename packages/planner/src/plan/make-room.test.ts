import { expect, test } from 'vitest'
import { modelOf } from '../dag/model.ts'
import { Search } from '../strategy/search/search.ts'
import { Timeline } from '../strategy/timeline/timeline.ts'
import { randomDag } from '../testing/random-dag.ts'
import { finish } from './finish.ts'
import { makeRoom } from './make-room.ts'

test('where packing fails most often, more than the target seems to live, and elsewhere what does', () => {
  const model = modelOf(randomDag(3, { tasks: 40, plain: true }))
  const search = new Search(new Timeline(model, model.needed))
  const { timeline } = search
  const sequence = timeline.sequence()
  const { plan } = finish(model, sequence, [], 1)
  const target = search.peak
  const before = Array.from(timeline.order, (_, b) => timeline.profile.at(b))
  const conflicts = new Map([
    [2 * 20, 100],
    [2 * 30 + 1, 80],
    [2 * 8, 10],
    [-1, 50],
  ])
  makeRoom(search, { plan, conflicts }, plan.arenaBytes - 100 * model.align, target)
  const stageOf = (run: number): number => timeline.stageOf[sequence[run]!]!
  const tight = new Set([stageOf(20), stageOf(30)].flatMap(b => [b - 1, b, b + 1]))
  for (const [b, bytes] of before.entries())
    expect(timeline.profile.at(b)).toBe(tight.has(b) ? target + 40 * model.align : bytes)
})

test('where no conflict is known, all stays as it is', () => {
  const model = modelOf(randomDag(3, { tasks: 10, plain: true }))
  const search = new Search(new Timeline(model, model.needed))
  const { plan } = finish(model, search.timeline.sequence(), [], 1)
  const before = search.peak
  makeRoom(search, { plan, conflicts: new Map() }, plan.arenaBytes - 1, before)
  expect(search.peak).toBe(before)
})
