/** Rows under a heading, columns as wide as they must be; numbers align on the right. */
export function table(heading: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const all = [heading, ...rows]
  const widths = heading.map((_, i) => Math.max(...all.map(row => String(row[i] ?? '').length)))
  return all
    .map(row =>
      widths
        .map((width, i) => {
          const cell = row[i] ?? ''
          return typeof cell === 'number' ? String(cell).padStart(width) : cell.padEnd(width)
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
