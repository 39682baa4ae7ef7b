import type { Dag, Plan } from '../dag/dag.ts'
import { type Lifetimes, lifetimesOf } from '../explain/lifetimes.ts'
import { profile, verify } from '../verify/verify.ts'
import { element, page, polyline } from './svg.ts'
import { showBytes, ticks, unitOf } from './units.ts'

export interface DrawOptions {
  /** Of the DAG, for the heading. */
  readonly name?: string
  /** Bytes: drawn as a line. */
  readonly budget?: number
}

const size = { width: 960, height: 520 }
const frame = { left: 64, right: size.width - 24, top: 84, bottom: size.height - 72 }

/** Blocks smaller than this, in square pixels, are left out where there are too many. */
const visible = 0.4
const most = 6000

interface Scales {
  readonly x: (run: number) => number
  readonly y: (bytes: number) => number
}

/**
 * A plan as an SVG picture, runs from left to right: with offsets, what lies where in the arena and for how long; without,
 * how many bytes live. Throws PlanError where the plan breaks a rule.
 */
export function draw(dag: Dag, plan: Plan, { name, budget }: DrawOptions = {}): string {
  const { recomputedTasks } = verify(dag, plan)
  const lifetimes = lifetimesOf(dag, plan)
  const count = Math.max(1, lifetimes.runs.length)
  const top = Math.max(plan.arenaBytes, budget ?? 0, 1) * 1.06
  const scales: Scales = {
    x: run => frame.left + ((frame.right - frame.left) * run) / count,
    y: bytes => frame.bottom - ((frame.bottom - frame.top) * bytes) / top,
  }
  const placed = plan.pinned.length > 0 || lifetimes.list.some(l => l.offset !== undefined)
  const overhead = plan.baseCost > 0 ? plan.cost / plan.baseCost - 1 : 0
  const title = name ?? 'plan'
  const facts = `${showBytes(placed ? plan.arenaBytes : plan.peakBytes)} ${placed ? 'of arena' : 'at the peak'}, ${lifetimes.runs.length} runs, ${recomputedTasks} of them repeated: ${(100 * overhead).toFixed(1)} % more`
  const body = placed ? blocks(dag, lifetimes, scales) : levels(dag, plan, scales)
  return page({ ...size, title: `${title}: ${facts}`, rules }, [
    element('text', { class: 'head', x: frame.left, y: 28 }, title),
    element('text', { class: 'soft', x: frame.left, y: 48 }, facts),
    legend(
      placed,
      dag.tasks.some(t => (t.workspace ?? 0) > 0),
    ),
    axes(top, count, placed, scales),
    ...body.parts,
    repeats(lifetimes, scales),
    ...(budget === undefined ? [] : [limit(budget, scales)]),
    ...(body.note === '' ? [] : [note(body.note)]),
  ])
}

const rules = `
svg { --resident: #afb8c1; --fresh: #54aeff; --again: #fb8f44; --work: #a475f9; }
@media (prefers-color-scheme: dark) { svg { --resident: #484f58; --fresh: #1f6feb; --again: #db6d28; --work: #8957e5; } }
.block { stroke: var(--paper); stroke-width: 0.5; }
.resident { fill: var(--resident); }
.fresh { fill: var(--fresh); }
.again { fill: var(--again); }
.work { fill: var(--work); }
.inside { font-size: 10px; pointer-events: none; }

.small { font-size: 11px; }
`

/** What lies where, for how long. */
function blocks(dag: Dag, { list, runs }: Lifetimes, { x, y }: Scales): { parts: string[]; note: string } {
  const all = list.flatMap(({ value, task, from, to, bytes, offset, again, end }) => {
    if (offset === undefined || bytes === 0) return []
    const { name = `value ${value}`, pinned } = dag.values[value]!
    const kind = pinned === true ? 'resident' : again > 0 ? 'again' : 'fresh'
    const start = pinned === true || task < 0 ? 0 : from
    // A place that is taken over belongs to the result from the middle of the run on.
    const stop = Math.min(runs.length, pinned === true ? runs.length : to + (end === 'replaced' ? 0.5 : 1))
    return [{ kind, name, bytes, offset, start, stop }]
  })
  for (const [i, { step }] of runs.entries()) {
    const { workspace = 0, name = `task ${step.run}` } = dag.tasks[step.run]!
    if (workspace > 0 && step.workspaceAt !== undefined)
      all.push({
        kind: 'work',
        name: `workspace of ${name}`,
        bytes: workspace,
        offset: step.workspaceAt,
        start: i,
        stop: i + 1,
      })
  }
  const area = (b: (typeof all)[number]): number => (x(b.stop) - x(b.start)) * (y(0) - y(b.bytes))
  const shown =
    all.length <= most
      ? all
      : all
          .filter(b => area(b) >= visible)
          .sort((a, b) => area(b) - area(a))
          .slice(0, most)
  const parts = shown.map(({ kind, name, bytes, offset, start, stop }) => {
    const [left, width] = [x(start), Math.max(0.1, x(stop) - x(start))]
    const [above, height] = [y(offset + bytes), Math.max(0.1, y(0) - y(bytes))]
    const title = `${name}: ${showBytes(bytes)} at ${offset}, runs ${Math.floor(start) + 1} to ${Math.ceil(stop)}`
    const box = element('rect', { class: `block ${kind}`, x: left, y: above, width, height }, [
      element('title', {}, title),
    ])
    if (height < 13 || width < 6.2 * name.length + 6) return box
    return box + element('text', { class: 'inside', x: left + 4, y: above + height / 2 + 3.5 }, name)
  })
  const left = all.length - shown.length
  return { parts, note: left === 0 ? '' : `${left} smaller blocks are left out` }
}

/** How many bytes live, those of pinned values apart. */
function levels(dag: Dag, plan: Plan, { x, y }: Scales): { parts: string[]; note: string } {
  const { liveBytes } = profile(dag, plan)
  const resident = dag.values.reduce((n, v) => (v.pinned === true ? n + v.bytes : n), 0)
  const area = (name: string, low: number, high: readonly number[]): string => {
    const upper = high.flatMap((bytes, run): [number, number][] => [
      [x(run), y(bytes)],
      [x(run + 1), y(bytes)],
    ])
    const lower: [number, number][] = [
      [x(high.length), y(low)],
      [x(0), y(low)],
    ]
    return element('path', { class: name, d: `${polyline([...thinned(upper), ...lower])}Z` })
  }
  const bytes = liveBytes.map(([, n]) => n)
  const parts = [
    area('fresh', resident, bytes),
    area(
      'resident',
      0,
      bytes.map(() => resident),
    ),
  ]
  return { parts, note: '' }
}

/** Of points in the same half pixel, the highest. */
function thinned(points: readonly (readonly [number, number])[]): (readonly [number, number])[] {
  if (points.length < 4000) return [...points]
  const highest = new Map<number, readonly [number, number]>()
  for (const point of points) {
    const column = Math.round(point[0] * 2)
    const known = highest.get(column)
    if (known === undefined || point[1] < known[1]) highest.set(column, point)
  }
  return [...highest.values()]
}

function legend(placed: boolean, works: boolean): string {
  const entries = placed
    ? [
        ['resident', 'pinned'],
        ['fresh', 'computed once, or the first time'],
        ['again', 'computed again'],
        ...(works ? [['work', 'workspace']] : []),
      ]
    : [
        ['resident', 'pinned'],
        ['fresh', 'everything else that lives'],
        ['again', 'a run that is repeated'],
      ]
  let left = frame.left
  const parts = entries.flatMap(([kind, text]) => {
    const at = left
    left += 24 + 6.6 * text!.length
    return [
      element('rect', { class: kind, x: at, y: 60, width: 11, height: 11, rx: 2 }),
      element('text', { class: 'soft small', x: at + 16, y: 69.5 }, text),
    ]
  })
  return element('g', {}, parts)
}

function axes(top: number, count: number, placed: boolean, { x, y }: Scales): string {
  const [unit, name] = unitOf(top)
  const rows = ticks(0, top / unit, 7).map(n =>
    element('g', {}, [
      element('path', { class: 'grid', d: `M${frame.left} ${y(n * unit)}H${frame.right}` }),
      element('text', { x: frame.left - 8, y: y(n * unit) + 4, 'text-anchor': 'end' }, String(n)),
    ]),
  )
  const columns = ticks(0, count, 10)
    .filter(n => Number.isInteger(n))
    .map(n => element('text', { x: x(n), y: frame.bottom + 32, 'text-anchor': 'middle' }, String(n)))
  return element('g', {}, [
    ...rows,
    ...columns,
    element('path', { class: 'axis', d: `M${frame.left} ${frame.top}V${frame.bottom}H${frame.right}` }),
    element(
      'text',
      { x: (frame.left + frame.right) / 2, y: frame.bottom + 54, 'text-anchor': 'middle' },
      'runs',
    ),
    element(
      'text',
      { transform: `translate(18 ${(frame.top + frame.bottom) / 2}) rotate(-90)`, 'text-anchor': 'middle' },
      `${placed ? 'offset in the arena' : 'bytes that live'}, ${name}`,
    ),
  ])
}

/** Marks below the axis where a run is repeated; neighbours make one. */
function repeats({ runs }: Lifetimes, { x }: Scales): string {
  const spans: [from: number, to: number][] = []
  for (const [i, run] of runs.entries()) {
    if (run.again === 0) continue
    const last = spans.at(-1)
    if (last !== undefined && last[1] === i) last[1] = i + 1
    else spans.push([i, i + 1])
  }
  return element(
    'g',
    {},
    spans.map(([from, to]) =>
      element('rect', {
        class: 'again',
        x: x(from),
        y: frame.bottom + 5,
        width: Math.max(0.3, x(to) - x(from)),
        height: 8,
      }),
    ),
  )
}

function limit(budget: number, { y }: Scales): string {
  return element('g', {}, [
    element('path', { class: 'mark', d: `M${frame.left} ${y(budget)}H${frame.right}` }),
    element(
      'text',
      { class: 'warm small', x: frame.right, y: y(budget) - 6, 'text-anchor': 'end' },
      `budget: ${showBytes(budget)}`,
    ),
  ])
}

function note(text: string): string {
  return element(
    'text',
    { class: 'soft small', x: frame.right, y: frame.bottom + 54, 'text-anchor': 'end' },
    text,
  )
}
