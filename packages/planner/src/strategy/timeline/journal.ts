import type { DagValueId } from '../../dag/dag.ts'

/** What a change did: a value is kept until a stage, or dropped; or a task moved from a stage to another. */
export const kinds = { keep: 0, drop: 1, move: 2 } as const

type Visit = (a: number, b: number, kind: number) => void

/** Changes in a row, to be taken back or made again. */
export class Journal {
  readonly #list: number[] = []

  /** Writes a drop or a keep down; one that takes back the last takes that out. */
  note(value: DagValueId, stage: number, dropped: boolean): void {
    const list = this.#list
    const [end, kind] = [list.length, dropped ? kinds.drop : kinds.keep]
    if (end > 0 && list[end - 1] === 1 - kind && list[end - 2] === stage && list[end - 3] === value)
      list.length = end - 3
    else list.push(value, stage, kind)
  }

  move(from: number, to: number): void {
    this.#list.push(from, to, kinds.move)
  }

  forwards(visit: Visit): void {
    const list = this.#list
    for (let i = 0; i < list.length; i += 3) visit(list[i]!, list[i + 1]!, list[i + 2]!)
  }

  backwards(visit: Visit): void {
    const list = this.#list
    for (let i = list.length - 3; i >= 0; i -= 3) visit(list[i]!, list[i + 1]!, list[i + 2]!)
  }
}
