import { showBytes } from '../draw/units.ts'
import type { AtPeak, Explanation, Kept, Named, Recomputed } from './explain.ts'

/** An explanation for people: the totals, what fills the peak, what is computed again, what is kept. */
export function showExplanation(
  e: Explanation,
  { columns = 80, rows = 12 }: { readonly columns?: number; readonly rows?: number } = {},
): string {
  const page = new Page(columns, rows)
  const { totals: t, peak } = e
  page.text(
    `Peak ${showBytes(t.peakBytes)}, arena ${showBytes(t.arenaBytes)}. Cost ${whole(t.cost)}, ` +
      `${percent(t.overhead)} above ${whole(t.baseCost)}, which is every task once; ` +
      `${whole(t.recomputedTasks)} of ${whole(t.runs)} runs are repeated. ${boundOf(e)}`,
  )
  for (const line of [placesOf(e), hintsOf(e)]) if (line !== '') page.text(line)
  const site = peak.site === undefined || peak.task.includes(peak.site) ? '' : ` (${peak.site})`
  if (peak.run >= 0)
    page.section(
      `What fills the peak: run ${whole(peak.run + 1)} of ${whole(t.runs)}, ${peak.task}${site}`,
      peak.values,
      v => atPeak(v, peak.bytes),
    )
  if (e.recomputed.length > 0)
    page.section(
      `Computed again: ${count(e.recomputed.length, 'value')}, at what cost, and how full it was meanwhile`,
      e.recomputed,
      v => recomputed(v, t.peakBytes),
    )
  if (e.kept.length > 0)
    page.section(
      `Kept while unused: ${count(e.kept.length, 'value')}, and what it would cost to have them again`,
      e.kept,
      kept,
    )
  return page.toString()
}

function boundOf({ totals: { lowerBound, cost, trivial } }: Explanation): string {
  if (lowerBound >= cost) return 'No plan within these bytes costs less.'
  const gap = lowerBound > 0 ? ` (gap ${percent(cost / lowerBound - 1)})` : ''
  return `No plan costs less than ${whole(lowerBound)}${gap}${trivial ? ', a trivial bound' : ''}.`
}

function placesOf({ totals: { inPlace, donated, copied } }: Explanation): string {
  const parts = [
    inPlace.count > 0 &&
      `${count(inPlace.count, 'result')} (${showBytes(inPlace.bytes)}) in place of an input`,
    donated.count > 0 &&
      `${count(donated.count, 'update')} (${showBytes(donated.bytes)}) right where the old content was`,
    copied.count > 0 &&
      `${count(copied.count, 'update')} (${showBytes(copied.bytes)}) copied there later, at a cost of ${whole(copied.cost)}`,
  ].filter(part => part !== false)
  return parts.length === 0 ? '' : `In place: ${parts.join('; ')}.`
}

function hintsOf({ once, checkpoints }: Explanation): string {
  const dropped = checkpoints.reduce((n, c) => n + c.bytes, 0)
  const regions =
    checkpoints.length === 0 ? '' : `${count(checkpoints.length, 'checkpoint')} dropped ${showBytes(dropped)}`
  if (once.length === 0) return regions === '' ? '' : `Hints obeyed: ${regions}.`
  const names = once.slice(0, 4).join(', ')
  const tasks = `${count(once.length, 'task')} ran once, as asked (${names}${once.length > 4 ? ', …' : ''})`
  return `Hints obeyed: ${tasks}${regions === '' ? '' : `; ${regions}`}.`
}

function atPeak(v: AtPeak, peak: number): string {
  const why = {
    resident: 'always there',
    'used here': 'used now',
    kept: 'waiting',
    workspace: 'while it runs',
  }[v.why]
  const next = v.why === 'resident' || v.next === undefined ? '' : `, read ${inRuns(v.next)}`
  return `${percent(v.bytes / peak).padStart(6)}: ${why}${next}`
}

function recomputed(v: Recomputed, peak: number): string {
  const away = v.away === 0 ? 'moves' : `away ${count(v.away, 'run')}, ${percent(v.fullest / peak)} full`
  return `${whole(v.times)} × ${whole(v.cost)}: ${away}${v.checkpoint ? '; as a checkpoint asks' : v.onTheWay ? '; on the way to others' : ''}`
}

function kept(v: Kept): string {
  const long = count(v.idle, 'run')
  if (v.why === 'output') return `${long}: an output`
  if (v.why === 'once') return `${long}: must run once`
  if (v.again === undefined) return `${long}: out of reach`
  return `${long}: ${whole(v.again.cost)}${v.again.tasks > 1 ? ` in ${v.again.tasks} tasks` : ''}`
}

/** Lines of at most so many characters. */
class Page {
  readonly #columns: number
  readonly #rows: number
  readonly #lines: string[] = []

  constructor(columns: number, rows: number) {
    this.#columns = columns
    this.#rows = rows
  }

  text(words: string, indent = 0): void {
    for (const line of wrap(words, this.#columns - indent)) this.#lines.push(' '.repeat(indent) + line)
  }

  /** Bytes to the left, then the name with its site, then what there is to say, all in columns. */
  section<V extends Named>(heading: string, values: readonly V[], say: (value: V) => string): void {
    this.#lines.push('')
    this.text(heading)
    const shown = values.slice(0, this.#rows)
    const names = shown.map(v => (v.site === undefined ? v.name : `${v.name} ${v.site}`))
    const width = Math.min(Math.max(...names.map(n => n.length)), Math.floor(this.#columns * 0.4))
    const room = this.#columns - 15 - width
    for (const [i, value] of shown.entries()) {
      const [first = '', ...rest] = wrap(say(value), room)
      const name = shorten(names[i]!, width).padEnd(width)
      this.#lines.push(`${showBytes(value.bytes).padStart(11)}  ${name}  ${first}`.trimEnd())
      for (const line of rest) this.#lines.push(' '.repeat(15 + width) + line)
    }
    const left = values.slice(this.#rows)
    const bytes = left.reduce((n, v) => n + v.bytes, 0)
    if (left.length > 0) this.#lines.push(`${showBytes(bytes).padStart(11)}  in ${whole(left.length)} more`)
  }

  toString(): string {
    return `${this.#lines.join('\n')}\n`
  }
}

function wrap(words: string, width: number): string[] {
  const lines: string[] = []
  for (const word of words.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`
    else for (let i = 0; i === 0 || i < word.length; i += width) lines.push(word.slice(i, i + width))
  }
  return lines
}

/** With what is too long cut out of the middle: both ends of a path tell most. */
function shorten(name: string, width: number): string {
  if (name.length <= width) return name
  const head = Math.ceil((width - 1) / 2)
  return `${name.slice(0, head)}…${name.slice(name.length - (width - 1 - head))}`
}

/** `53,687`, in no language but this one. */
function whole(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+$)/g, ',')
}

function count(n: number, what: string): string {
  return `${whole(n)} ${what}${n === 1 ? '' : 's'}`
}

function inRuns(n: number): string {
  return n === 1 ? 'next' : `in ${whole(n)} runs`
}

/** `11.6 %` for 0.116. */
function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`
}
