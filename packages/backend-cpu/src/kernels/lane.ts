import type { Affine } from '@stint/engine'
import type { Lanes } from './lanes.ts'
import { type Tile, valueAt } from './tile.ts'

/** What a run is given: the places of operands, results and other buffers, in bytes. */
export class Frame {
  args: readonly number[] = []
}

/** Where the elements of an expression are while a block is computed. */
export class Lane {
  readonly view: Lanes
  at = 0

  constructor(view: Lanes) {
    this.view = view
  }
}

/** A lane in the workspace. */
export class Register extends Lane {
  readonly #offset: number

  constructor(view: Lanes, offset: number) {
    super(view)
    this.#offset = offset
  }

  place(workspace: number): void {
    this.at = ((workspace + this.#offset) / this.view.BYTES_PER_ELEMENT) | 0
  }
}

/** A lane that is an operand or a result itself: contiguous in every block. */
export class Window extends Lane {
  readonly #arg: number
  readonly #map: Affine
  readonly #frame: Frame

  constructor(view: Lanes, arg: number, map: Affine, frame: Frame) {
    super(view)
    this.#arg = arg
    this.#map = map
    this.#frame = frame
  }

  moveTo(tile: Tile): void {
    const base = (this.#frame.args[this.#arg]! / this.view.BYTES_PER_ELEMENT) | 0
    this.at = base + valueAt(this.#map, tile.start)
  }
}
