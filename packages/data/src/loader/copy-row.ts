import type { Features } from '../dataset.ts'

/** Copies `size` values, without making a view of either array. */
export function copyRow(from: Features, start: number, to: Features, at: number, size: number): void {
  for (let i = 0; i < size; i++) to[at + i] = from[start + i]!
}

/** The same with every line of `width` values mirrored: `[C, H, W]` flipped along its last axis. */
export function copyFlipped(
  from: Features,
  start: number,
  to: Features,
  at: number,
  size: number,
  width: number,
): void {
  for (let line = 0; line < size; line += width) {
    const last = start + line + width - 1
    for (let i = 0; i < width; i++) to[at + line + i] = from[last - i]!
  }
}
