const units = [
  [2 ** 30, 'GiB'],
  [2 ** 20, 'MiB'],
  [2 ** 10, 'KiB'],
] as const

/** `1.57 MiB`. */
export function showBytes(bytes: number): string {
  const [unit, name] = unitOf(bytes)
  return unit === 1 ? `${bytes} B` : `${(bytes / unit).toFixed(2)} ${name}`
}

/** The largest unit that the bytes reach. */
export function unitOf(bytes: number): readonly [bytes: number, name: string] {
  return units.find(([unit]) => bytes >= unit) ?? [1, 'B']
}

/** Round numbers from `from` to `to`, about `count` of them: steps of 1, 2 or 5 times a power of ten. */
export function ticks(from: number, to: number, count: number): number[] {
  if (!(to > from)) return [from]
  const rough = (to - from) / count
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = power * ([1, 2, 5, 10].find(n => n * power >= rough * 0.999) ?? 10)
  const found: number[] = []
  for (let i = Math.ceil(from / step - 1e-9); i * step <= to + step * 1e-9; i++)
    found.push(Number((i * step).toPrecision(12)))
  return found
}
