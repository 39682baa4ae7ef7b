import type { Curve } from '../curve/curve.ts'
import { element, page, polyline } from './svg.ts'
import { showBytes, ticks, unitOf } from './units.ts'

export interface DrawCurveOptions {
  /** Of the DAG, for the heading. */
  readonly name?: string
}

const size = { width: 760, height: 440 }
const frame = { left: 72, right: size.width - 32, top: 92, bottom: size.height - 64 }

/** A curve as an SVG picture: bytes below, their share of storing everything above, overhead to the left. */
export function drawCurve(found: Curve, { name }: DrawCurveOptions = {}): string {
  const feasible = found.points.flatMap(p => (p.overhead === null ? [] : [{ ...p, overhead: p.overhead }]))
  const { storeAll, smallest } = found
  const [least, greatest] = [
    Math.min(smallest, ...found.points.map(p => p.budget)),
    Math.max(storeAll, smallest, ...found.points.map(p => p.budget)),
  ]
  const margin = (greatest - least) * 0.05 || greatest * 0.05 || 1
  const [from, to] = [Math.max(0, least - margin), greatest + margin]
  const x = (bytes: number): number =>
    frame.left + ((frame.right - frame.left) * (bytes - from)) / (to - from)
  const most = Math.max(0.001, ...feasible.map(p => p.overhead))
  const curved = isSteep(feasible.map(p => p.overhead))
  const bend = (share: number): number => (curved ? Math.sqrt(share) : share)
  // Room above the highest point for what is written there.
  const top = most * (curved ? 1.5 : 1.22)
  const y = (overhead: number): number =>
    frame.bottom - ((frame.bottom - frame.top) * bend(overhead)) / bend(top)
  const title = `${name === undefined ? '' : `${name}: `}what less memory costs`
  return page({ ...size, title, rules }, [
    element('text', { class: 'head', x: frame.left, y: 28 }, title),
    xAxes(from, to, storeAll, x),
    yAxis(top, curved, y),
    element('rect', {
      class: 'veil',
      x: frame.left,
      y: frame.top,
      width: Math.max(0, x(smallest) - frame.left),
      height: frame.bottom - frame.top,
    }),
    ...steps(feasible, to, x, y),
    ...limits(found, x),
  ])
}

const rules = `
.curve { stroke: var(--main); stroke-width: 2; fill: none; stroke-linejoin: round; }
.dot { fill: var(--main); stroke: var(--paper); stroke-width: 1.5; }
.veil { fill: var(--veil); }
.label { font-size: 11px; paint-order: stroke; stroke: var(--paper); stroke-width: 3px; stroke-linejoin: round; }
`

/** Whether a few points are so high that the others would lie flat. */
function isSteep(overheads: readonly number[]): boolean {
  const sorted = [...overheads].sort((a, b) => a - b)
  const [middle = 0, most = 0] = [sorted[sorted.length >> 1], sorted.at(-1)]
  return most > 8 * Math.max(middle, 0.0005)
}

function xAxes(from: number, to: number, storeAll: number, x: (bytes: number) => number): string {
  const [unit, name] = unitOf(to)
  const below = ticks(from / unit, to / unit, 8).map(n =>
    element('g', {}, [
      element('path', { class: 'grid', d: `M${x(n * unit)} ${frame.top}V${frame.bottom}` }),
      element('text', { x: x(n * unit), y: frame.bottom + 18, 'text-anchor': 'middle' }, String(n)),
    ]),
  )
  const above =
    storeAll > 0
      ? ticks((100 * from) / storeAll, (100 * to) / storeAll, 9).map(n => {
          const at = x((n * storeAll) / 100)
          return element('g', {}, [
            element('path', { class: 'axis', d: `M${at} ${frame.top}v-5` }),
            element('text', { class: 'soft', x: at, y: frame.top - 10, 'text-anchor': 'middle' }, `${n} %`),
          ])
        })
      : []
  const middle = (frame.left + frame.right) / 2
  return element('g', {}, [
    ...below,
    ...above,
    element('path', {
      class: 'axis',
      d: `M${frame.left} ${frame.bottom}H${frame.right}M${frame.left} ${frame.top}H${frame.right}`,
    }),
    element('text', { x: middle, y: frame.bottom + 42, 'text-anchor': 'middle' }, `budget, ${name}`),
    element(
      'text',
      { class: 'soft', x: middle, y: frame.top - 30, 'text-anchor': 'middle' },
      'budget, share of what storing everything takes',
    ),
  ])
}

function yAxis(top: number, curved: boolean, y: (overhead: number) => number): string {
  const rough = ticks(0, 100 * top, 6)
  // Where the axis is bent, what is low has room for more.
  const marks = curved ? [...new Set([...ticks(0, 10 * top, 4), ...rough])].filter(apart(y)) : rough
  return element('g', {}, [
    ...marks.map(n =>
      element('g', {}, [
        element('path', { class: 'grid', d: `M${frame.left} ${y(n / 100)}H${frame.right}` }),
        element('text', { x: frame.left - 8, y: y(n / 100) + 4, 'text-anchor': 'end' }, String(n)),
      ]),
    ),
    element('path', { class: 'axis', d: `M${frame.left} ${frame.top}V${frame.bottom}` }),
    element(
      'text',
      { transform: `translate(22 ${(frame.top + frame.bottom) / 2}) rotate(-90)`, 'text-anchor': 'middle' },
      `overhead, %${curved ? ' (square-root scale)' : ''}`,
    ),
  ])
}

/** Leaves out marks that would stand on the one before. */
function apart(y: (overhead: number) => number): (n: number) => boolean {
  let last = Number.POSITIVE_INFINITY
  return n => {
    if (last - y(n / 100) < 16) return false
    last = y(n / 100)
    return true
  }
}

type Feasible = { readonly budget: number; readonly overhead: number; readonly fraction: number }

/** Between two budgets there is the plan of the smaller one: steps, not slopes. */
function steps(
  points: readonly Feasible[],
  to: number,
  x: (bytes: number) => number,
  y: (overhead: number) => number,
): string[] {
  const corners = points.flatMap((p, i): [number, number][] => [
    [x(p.budget), y(p.overhead)],
    [x(points[i + 1]?.budget ?? to), y(p.overhead)],
  ])
  let free = Number.NEGATIVE_INFINITY
  const dots = points.map(p => {
    const [at, height] = [x(p.budget), y(p.overhead)]
    const text = percent(p.overhead)
    const shown = at >= free
    if (shown) free = at + 46
    return element('g', {}, [
      element('circle', { class: 'dot', cx: at, cy: height, r: 4 }, [
        element('title', {}, `${p.budget} bytes (${(100 * p.fraction).toFixed(1)} %): ${text} more`),
      ]),
      ...(shown ? [element('text', { class: 'label', x: at + 5, y: height - 8 }, text)] : []),
    ])
  })
  return [element('path', { class: 'curve', d: polyline(corners) }), ...dots]
}

/** `11.6 %`; with another place where it would be none. */
function percent(share: number): string {
  if (share === 0) return '0 %'
  if (share < 0.0001) return '< 0.01 %'
  return `${(100 * share).toFixed(share < 0.001 ? 2 : 1)} %`
}

/** Lines at the smallest budget and at storing everything. */
function limits({ smallest, storeAll }: Curve, x: (bytes: number) => number): string[] {
  const share = storeAll > 0 ? ` (${((100 * smallest) / storeAll).toFixed(1)} %)` : ''
  const line = (bytes: number): string =>
    element('path', { class: 'mark', d: `M${x(bytes)} ${frame.top}V${frame.bottom}` })
  const all = x(storeAll) - x(smallest) > 420
  return [
    line(smallest),
    element(
      'text',
      { class: 'label warm', x: x(smallest) + 7, y: frame.top + 16 },
      `smallest that works: ${showBytes(smallest)}${share}`,
    ),
    ...(all
      ? [
          line(storeAll),
          element(
            'text',
            { class: 'label warm', x: x(storeAll) - 7, y: frame.top + 16, 'text-anchor': 'end' },
            `storing everything: ${showBytes(storeAll)}`,
          ),
        ]
      : []),
  ]
}
