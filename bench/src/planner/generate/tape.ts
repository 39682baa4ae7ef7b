import type { Shorthand } from '@stint/planner'

/** Index of a node. */
export type Id = number

/**
 * What one derivative reads besides the gradient of the result; `pass` where that gradient is the derivative, and nothing
 * is computed; undefined where there is none.
 */
type Derivative = readonly Id[] | 'pass' | undefined

export interface Op {
  readonly name: string
  /** Of the result. */
  readonly bytes: number
  readonly inputs: readonly Id[]
  /** FLOP, where it is a contraction; all else is bound by its bytes. Each derivative takes as many. */
  readonly flop?: number
  /** For each input, given the node's own id. */
  readonly back: (self: Id) => readonly Derivative[]
}

interface Node {
  readonly id: Id
  readonly name: string
  /** ns at 10 TFLOP/s and 500 GB/s. */
  readonly cost: number
  readonly bytes: number
  readonly inputs: readonly Id[]
  readonly kind: 'param' | 'fwd' | 'bwd'
}

/** A task graph in the shorthand, with where it is from. */
export interface GraphFile extends Shorthand {
  readonly name: string
  readonly source: string
  readonly nodes: readonly Node[]
  readonly pinned: readonly number[]
}

/** FLOP and bytes in a ns. */
const speed = { flop: 1e4, bytes: 500 }

/** Records operations and writes their derivatives in reverse mode, each reading only what it needs. */
export class Tape {
  readonly #nodes: Node[] = []
  readonly #ops: { readonly op: Op; readonly id: Id }[] = []
  readonly #pinned: Id[] = []
  readonly #gradients = new Map<Id, Id>()

  /** Something resident throughout: a parameter, or data. */
  param(name: string, bytes: number): Id {
    const id = this.#add(name, 0, bytes, [], 'param')
    this.#pinned.push(id)
    return id
  }

  op(op: Op): Id {
    const id = this.#add(op.name, this.#cost(op.bytes, op.inputs, op.flop), op.bytes, op.inputs, 'fwd')
    this.#ops.push({ op, id })
    return id
  }

  /** The graph with the gradients of `loss` in `params`, all of which are outputs. */
  finish(
    about: { readonly name: string; readonly source: string },
    loss: Id,
    params: readonly Id[],
  ): GraphFile {
    this.#gradients.set(loss, this.#add('dloss', 1, 4, [loss], 'bwd'))
    for (const { op, id } of this.#ops.reverse()) {
      const gradient = this.#gradients.get(id)
      if (gradient === undefined) continue
      for (const [i, derivative] of op.back(id).entries())
        if (derivative === 'pass') this.#contribute(op.inputs[i]!, gradient)
        else if (derivative !== undefined) this.#derive(op, op.inputs[i]!, derivative, gradient)
    }
    const outputs = [loss, ...params.flatMap(p => this.#gradients.get(p) ?? [])].sort((a, b) => a - b)
    return { ...about, nodes: this.#nodes, outputs, pinned: this.#pinned }
  }

  #derive(op: Op, input: Id, saved: readonly Id[], gradient: Id): void {
    const reads = [...saved, gradient]
    const bytes = this.#nodes[input]!.bytes
    const id = this.#add(`${op.name}.d${input}`, this.#cost(bytes, reads, op.flop), bytes, reads, 'bwd')
    this.#contribute(input, id)
  }

  /** Adds to the gradient of a value. */
  #contribute(to: Id, gradient: Id): void {
    const before = this.#gradients.get(to)
    if (before === undefined) {
      this.#gradients.set(to, gradient)
      return
    }
    const { bytes } = this.#nodes[to]!
    const reads = [before, gradient]
    this.#gradients.set(to, this.#add(`acc${to}`, this.#cost(bytes, reads), bytes, reads, 'bwd'))
  }

  #cost(bytes: number, reads: readonly Id[], flop = 0): number {
    const moved = reads.reduce((n, id) => n + this.#nodes[id]!.bytes, bytes)
    return Math.max(1, Math.round(Math.max(flop / speed.flop, moved / speed.bytes)))
  }

  #add(name: string, cost: number, bytes: number, reads: readonly Id[], kind: Node['kind']): Id {
    const id = this.#nodes.length
    const inputs = [...new Set(reads)].sort((a, b) => a - b)
    this.#nodes.push({ id, name, cost, bytes, inputs, kind })
    return id
  }
}
