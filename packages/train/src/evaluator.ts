import { type Dataset, Loader } from '@stint/data'
import type { Session } from '@stint/engine'
import type { Layer } from '@stint/nn'
import { Feed } from './feed.ts'
import { evaluateProgram, type ProgramOptions } from './programs.ts'

/** How a model does on a data set. */
export interface Evaluation {
  readonly rows: number
  /** Mean over all rows. */
  readonly loss: number
  /** Share of rows whose largest output is the label's; absent with `accuracy: false`. */
  readonly accuracy?: number
}

/** Runs a model on data sets without training it, in the arena of the session that trains it. */
export class Evaluator {
  readonly #session: Session
  readonly #model: Layer
  readonly #options: ProgramOptions
  /** Programs by number of rows. */
  readonly #programs: Map<number, string>
  readonly #loaders = new WeakMap<Dataset, Loader>()
  readonly #feed = new Feed()

  constructor(
    session: Session,
    model: Layer,
    options: ProgramOptions,
    programs: ReadonlyMap<number, string>,
  ) {
    this.#session = session
    this.#model = model
    this.#options = options
    this.#programs = new Map(programs)
  }

  async evaluate(dataset: Dataset): Promise<Evaluation> {
    let loss = 0
    let right: number | undefined
    for (const batch of this.#loader(dataset).epoch(0)) {
      const program = await this.#program(batch.rows)
      const outputs = await this.#session.run(program, this.#feed.inputs(batch))
      loss += outputs.loss![0]! * batch.rows
      if (outputs.correct !== undefined) right = (right ?? 0) + outputs.correct[0]!
    }
    const { rows } = dataset
    return { rows, loss: loss / rows, ...(right !== undefined && { accuracy: right / rows }) }
  }

  #loader(dataset: Dataset): Loader {
    const known = this.#loaders.get(dataset)
    if (known !== undefined) return known
    const loader = new Loader(dataset, { batch: this.#options.batch, shuffle: false })
    this.#loaders.set(dataset, loader)
    return loader
  }

  /** The program for a number of rows, added to the session where it was not declared. */
  async #program(rows: number): Promise<string> {
    const known = this.#programs.get(rows)
    if (known !== undefined) return known
    const name = `evaluate.${rows}`
    await this.#session.add(name, evaluateProgram(this.#model, this.#options, rows))
    this.#programs.set(rows, name)
    return name
  }
}
