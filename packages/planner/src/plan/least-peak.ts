import type { Model } from '../dag/model.ts'

/** Aligned bytes below which no schedule can go: pinned values and what the hungriest task touches; the outputs. */
export function leastPeak(model: Model): number {
  let least = model.startSize
  for (const t of model.needed) {
    const taken = new Set<number>()
    let bytes = model.pinnedSize + model.workspace[t]!
    for (const v of model.reads[t]!) if (model.pinned[v] === 0) bytes += model.size[v]!
    for (const w of model.writes[t]!) {
      const pair = model.inPlace[t]!.find(([p, x]) => x === w && model.pinned[p] === 0 && !taken.has(p))
      if (pair !== undefined) {
        taken.add(pair[0])
        bytes += Math.max(0, model.size[w]! - model.size[pair[0]]!)
      } else if (model.bufferOf[w]! < 0) bytes += model.size[w]!
    }
    least = Math.max(least, bytes)
  }
  let outputs = model.pinnedSize
  for (let v = 0; v < model.output.length; v++)
    if (model.output[v] === 1 && model.pinned[v] === 0 && model.bufferOf[v]! < 0) outputs += model.size[v]!
  return Math.max(least, outputs)
}
