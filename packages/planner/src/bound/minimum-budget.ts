import type { Model } from '../dag/model.ts'
import { CutNetwork } from './cut-network.ts'
import { factsOf } from './facts.ts'
import type { BoundOptions } from './lower-bound.ts'
import { Moment } from './moment.ts'

/**
 * Bytes below which there is no schedule: what lives at the start, at the end, or during the first run of some task, with
 * what must be kept across it since nothing computes it again.
 */
export function minimumBudgetBound(model: Model, options: BoundOptions = {}): number {
  const facts = factsOf(model, options.arena ?? false)
  const { size, pinned } = facts
  const moment = new Moment(facts)
  const inputs = size.map((bytes, v) =>
    model.pinned[v] === 0 && model.dag.values[v]!.input === true ? bytes : 0,
  )
  const outputs = size.map((bytes, v) =>
    model.pinned[v] === 0 && model.output[v] === 1 && model.bufferOf[v]! < 0 ? bytes : 0,
  )
  let least = pinned + Math.max(sum(inputs), sum(outputs))
  const alone = new Float64Array(model.cost.length)
  for (const t of model.needed) {
    alone[t] = moment.alone(t)
    least = Math.max(least, alone[t])
  }
  // What is kept across adds to it only where something cannot be computed again, or where buffers are still read.
  const simple =
    sum(inputs) === 0 && (model.dag.next ?? []).length === 0 && model.needed.every(t => model.once[t] === 0)
  if (simple) return least
  // Where all the rest is computed again, no more than this is kept across.
  const final =
    sum(inputs) + model.needed.reduce((n, t) => n + (model.once[t] === 1 ? made(model, size, t) : 0), 0)
  let left = options.work ?? 8e7
  for (const task of model.needed.toSorted((a, b) => alone[b]! - alone[a]!)) {
    if (left < 0) break
    moment.at(task)
    left -= moment.side.length + moment.charge.length + facts.readers.length
    if (moment.fixedBytes + final <= least) continue
    const network = new CutNetwork(moment)
    least = Math.max(least, moment.fixedBytes + network.keepLeast(left))
    left -= network.preflow.work
  }
  return least
}

const made = (model: Model, size: Float64Array, task: number): number =>
  model.writes[task]!.reduce((n, w) => n + size[w]!, 0)

const sum = (list: Float64Array): number => list.reduce((n, x) => n + x, 0)
