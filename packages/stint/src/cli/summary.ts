import { showBytes } from '@stint/engine'
import type { Training } from './train.ts'

/** A training run for people to read. */
export function showTraining(t: Training): string {
  const share = ((100 * t.arenaBytes) / t.unconstrainedPeakBytes).toFixed(1)
  return table([
    ['recipe', `${t.recipe} on ${t.backend}, ${t.threads} ${t.threads === 1 ? 'thread' : 'threads'}`],
    ['steps', `${t.steps}, ${t.msPerStep.toFixed(1)} ms each`],
    ['loss', `${t.lossFirst.toFixed(4)} at first, ${t.lossLast.toFixed(4)} at last`],
    ...(t.testAccuracy === null ? [] : [['test accuracy', percent(t.testAccuracy)] as const]),
    ['arena', `${showBytes(t.arenaBytes)} (${t.arenaBytes} bytes), asked for ${t.memory}`],
    ['unconstrained', `${showBytes(t.unconstrainedPeakBytes)}: the arena is ${share} % of it`],
    ['recomputed', `${t.recomputedTasks} tasks, ${percent(t.recomputeOverhead)} more work`],
    ['held', `${showBytes(t.heldBytes)} (${t.heldBytes} bytes)`],
    ...(t.touchedPeakBytes === null ? [] : [['touched', `${t.touchedPeakBytes} bytes, as audited`] as const]),
    ['state', t.stateHash],
    ['plan', t.planHash],
  ])
}

/** `11.6 %` for 0.116. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`
}

/** Names to the left, what belongs to them to the right. */
export function table(rows: readonly (readonly [name: string, text: string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length))
  return rows.map(([name, text]) => `${name.padEnd(width)}  ${text}\n`).join('')
}
