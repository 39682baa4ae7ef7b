/** What an SVG element may be given; numbers are rounded to hundredths. */
export type Attributes = { readonly [name: string]: string | number | undefined }

/** An element as text. What it holds is either text, which is escaped, or elements. */
export function element(name: string, attributes: Attributes, held: string | readonly string[] = []): string {
  const given = Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [` ${key}="${escaped(typeof value === 'number' ? tidy(value) : value)}"`],
  )
  const inside = typeof held === 'string' ? escaped(held) : held.join('\n')
  return inside === '' ? `<${name}${given.join('')}/>` : `<${name}${given.join('')}>${inside}</${name}>`
}

/** A path from points: `line` for straight lines. */
export function polyline(points: readonly (readonly [x: number, y: number])[]): string {
  return points.map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${tidy(x)} ${tidy(y)}`).join('')
}

export interface Page {
  readonly width: number
  readonly height: number
  /** Said by those who read pictures aloud. */
  readonly title: string
  /** Beyond those of every page: rules for classes, by the colours below. */
  readonly rules?: string
}

/** A whole picture: light or dark as the reader likes it. */
export function page({ width, height, title, rules = '' }: Page, parts: readonly string[]): string {
  const svg = element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      role: 'img',
      'aria-label': title,
    },
    [`<style>${style}${rules}</style>`, element('rect', { class: 'paper', width, height }), ...parts],
  )
  return `${svg}\n`
}

const style = `
svg { --paper: #ffffff; --ink: #1f2328; --soft: #656d76; --line: #d8dee4; --main: #0969da; --warm: #bc4c00; --veil: #f3f4f6;
  font: 12px system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif; }
@media (prefers-color-scheme: dark) {
  svg { --paper: #0d1117; --ink: #e6edf3; --soft: #9198a1; --line: #30363d; --main: #58a6ff; --warm: #f0883e; --veil: #161b22; }
}
.paper { fill: var(--paper); }
text { fill: var(--ink); font-variant-numeric: tabular-nums; }
.soft { fill: var(--soft); }
.head { font-size: 15px; font-weight: 600; }
.grid { stroke: var(--line); stroke-width: 1; fill: none; }
.axis { stroke: var(--soft); stroke-width: 1; fill: none; }
.mark { stroke: var(--warm); stroke-width: 1.5; stroke-dasharray: 5 4; fill: none; }
.warm { fill: var(--warm); }
`

function escaped(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;')
}

function tidy(n: number): string {
  return String(Math.round(n * 100) / 100)
}
