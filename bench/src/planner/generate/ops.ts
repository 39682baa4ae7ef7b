import type { Id, Tape } from './tape.ts'

/** Bytes of a number. */
const f32 = 4

/** Operations on a tape, by the elements of their results. */
export class Ops {
  readonly tape: Tape

  constructor(tape: Tape) {
    this.tape = tape
  }

  param(name: string, elements: number): Id {
    return this.tape.param(name, elements * f32)
  }

  /** a [m, k] · b [k, n], any number of times; `constant` operands get no gradient. */
  product(
    name: string,
    [a, b]: readonly [Id, Id],
    elements: number,
    k: number,
    constant: readonly Id[] = [],
  ): Id {
    return this.tape.op({
      name,
      bytes: elements * f32,
      inputs: [a, b],
      flop: 2 * elements * k,
      back: () => [constant.includes(a) ? undefined : [b], constant.includes(b) ? undefined : [a]],
    })
  }

  /** A sum of two of the same size. */
  add(name: string, [a, b]: readonly [Id, Id], elements: number): Id {
    return this.tape.op({ name, bytes: elements * f32, inputs: [a, b], back: () => ['pass', 'pass'] })
  }

  /** x + b, b broadcast. */
  bias(name: string, [x, b]: readonly [Id, Id], elements: number): Id {
    return this.tape.op({ name, bytes: elements * f32, inputs: [x, b], back: () => ['pass', []] })
  }

  /** a ⊙ b; `constant` operands get no gradient. */
  times(name: string, [a, b]: readonly [Id, Id], elements: number, constant: readonly Id[] = []): Id {
    return this.tape.op({
      name,
      bytes: elements * f32,
      inputs: [a, b],
      back: () => [constant.includes(a) ? undefined : [b], constant.includes(b) ? undefined : [a]],
    })
  }

  /** Whose derivative reads its result: tanh, sigmoid, relu, softmax. */
  byResult(name: string, x: Id, elements: number): Id {
    return this.tape.op({ name, bytes: elements * f32, inputs: [x], back: self => [[self]] })
  }

  /** Whose derivative reads its input: gelu. */
  byInput(name: string, x: Id, elements: number): Id {
    return this.tape.op({ name, bytes: elements * f32, inputs: [x], back: () => [[x]] })
  }

  /** Whose derivative reads neither: slices, sums, upsampling. */
  linear(name: string, x: Id, elements: number): Id {
    return this.tape.op({ name, bytes: elements * f32, inputs: [x], back: () => [[]] })
  }

  /** Pooling by maximum, whose derivative reads both. */
  pool(name: string, x: Id, elements: number): Id {
    return this.tape.op({ name, bytes: elements * f32, inputs: [x], back: self => [[x, self]] })
  }

  /** Two side by side. */
  concat(name: string, [a, b]: readonly [Id, Id], elements: number): Id {
    return this.tape.op({ name, bytes: elements * f32, inputs: [a, b], back: () => [[], []] })
  }

  /** Layer normalization with a gain. */
  norm(name: string, [x, gain]: readonly [Id, Id], elements: number): Id {
    return this.tape.op({ name, bytes: elements * f32, inputs: [x, gain], back: () => [[x, gain], [x]] })
  }
}
