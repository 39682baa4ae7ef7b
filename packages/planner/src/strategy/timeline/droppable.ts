import type { Model } from '../../dag/model.ts'

/**
 * Values that some task may compute again: a flag a value. A task that also writes a successor may run again, and the last
 * run counts, as long as nothing else reads the successor.
 */
export function droppable(model: Model, stageOf: Int32Array): Uint8Array {
  const read = Uint8Array.from(model.output)
  for (const t of model.needed) for (const v of model.reads[t]!) read[v] = 1
  return Uint8Array.from(model.producer, (t, v) =>
    t >= 0 &&
    model.once[t] === 0 &&
    stageOf[t]! >= 0 &&
    model.bufferOf[v]! < 0 &&
    !model.writes[t]!.some(w => model.bufferOf[w]! >= 0 && read[w] === 1)
      ? 1
      : 0,
  )
}
