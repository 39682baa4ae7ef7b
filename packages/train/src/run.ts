import { type Batch, type Dataset, Loader } from '@stint/data'
import { openSession, type PlanReport, type Session } from '@stint/engine'
import { StintError, type TypedArray } from '@stint/graph'
import { initialState, type Layer, type Schedule } from '@stint/nn'
import { type Evaluation, Evaluator } from './evaluator.ts'
import { Feed } from './feed.ts'
import { checkSeed, type FitOptions, lengthOf } from './options.ts'
import { type TrainingPrograms, trainingPrograms } from './programs.ts'
import { stateHash } from './state-hash.ts'

/** What one training step did. */
export interface StepReport {
  /** Steps done, this one included: from 1 to the run's `steps`. */
  readonly step: number
  /** Which time the data are gone through, from 1. */
  readonly epoch: number
  /** Rows of the batch. */
  readonly rows: number
  /** Mean over the batch, before the update. */
  readonly loss: number
  /** Share of the rows whose largest output is the label's, before the update; absent with `accuracy: false`. */
  readonly accuracy?: number
  readonly learningRate: number
  /** Time of the step, in ms: taking the batch, feeding, running, reading the loss. */
  readonly ms: number
  readonly samplesPerSecond: number
  /** One past the highest byte of the arena that the audit saw written; absent without `audit`. */
  readonly touchedPeakBytes?: number
}

/** What a run has once it is compiled. */
interface Opened {
  readonly session: Session
  readonly programs: TrainingPrograms
  readonly evaluator: Evaluator
}

/**
 * Trains a model inside a memory budget: an async iterable of its steps, which runs as it is iterated. Stop early with
 * `break`; iterating again goes on where it stopped.
 *
 * Throws at once, with a code that says why, for options or data that cannot be used; iterating or opening it throws
 * InfeasibleBudgetError before anything runs where the budget is too small.
 *
 * @example
 * await using run = fit(model, { loss: crossEntropy, optimizer: sgd(0.1), data, batch: 32, epochs: 2, backend: cpu() })
 * for await (const { step, loss } of run) console.log(step, loss)
 * console.log(await run.evaluate(test))
 */
export function fit(model: Layer, options: FitOptions): Run {
  return new Run(model, options)
}

/** A training run: see `fit`. */
export class Run implements AsyncIterable<StepReport>, AsyncDisposable {
  /** Steps of the whole run. */
  readonly steps: number
  readonly stepsPerEpoch: number
  readonly #model: Layer
  readonly #options: FitOptions
  readonly #seed: number
  readonly #loader: Loader
  readonly #schedule: Schedule | undefined
  readonly #feed = new Feed()
  #opening: Promise<Opened> | undefined
  #opened: Opened | undefined
  #done = 0

  constructor(model: Layer, options: FitOptions) {
    const { data, batch, flip = false, schedule } = options
    this.#model = model
    this.#options = options
    this.#seed = checkSeed(options.seed ?? 0)
    this.#loader = new Loader(data, { batch, seed: this.#seed, flip })
    this.stepsPerEpoch = this.#loader.batchesPerEpoch
    this.steps = lengthOf(options, this.stepsPerEpoch)
    this.#schedule = schedule?.(this.steps)
  }

  /** Compiles and plans the programs, opens the arena and writes the first state. Iterating does it, too. */
  async open(): Promise<Session> {
    return (await this.#open()).session
  }

  /** The session of the run. Throws StintError `NOT_OPEN` before `open` or the first step. */
  get session(): Session {
    return this.#ready().session
  }

  /** The plan of the training program on full batches. Throws as `session` does. */
  get plan(): PlanReport {
    return this.session.plan('train')
  }

  /** Bytes that the plans of all programs need, which is what the arena has. Throws as `session` does. */
  get predictedPeakBytes(): number {
    const { session, programs } = this.#ready()
    return Math.max(...Object.keys(programs.programs).map(name => session.program(name).plan.arenaBytes))
  }

  /** Steps done. */
  get step(): number {
    return this.#done
  }

  /** The steps that remain; see `fit`. */
  async *[Symbol.asyncIterator](): AsyncGenerator<StepReport, void, undefined> {
    const opened = await this.#open()
    while (this.#done < this.steps) {
      const epoch = Math.floor(this.#done / this.stepsPerEpoch)
      const batches = this.#loader.epoch(epoch, this.#done % this.stepsPerEpoch)
      while (this.#done < this.steps) {
        const start = performance.now()
        const { value: batch } = batches.next()
        if (batch === undefined) break
        yield await this.#train(opened, batch, epoch, start)
      }
    }
  }

  /**
   * Runs the model on a data set without training; on `test` unless another is given. A data set that ends with a short
   * batch of another size than `test` adds a program, planned into the arena as it is.
   *
   * Throws StintError `OPTION` without a data set, and as `fit` does for one that cannot be used.
   */
  async evaluate(dataset: Dataset | undefined = this.#options.test): Promise<Evaluation> {
    if (dataset === undefined)
      throw new StintError('OPTION', 'there is nothing to evaluate', {
        hint: 'Give a data set, or `test` to fit.',
      })
    return (await this.#open()).evaluator.evaluate(dataset)
  }

  /** SHA-256 of all parameters, optimizer state and running statistics: equal runs have equal hashes. */
  async stateHash(): Promise<string> {
    const { session, programs } = await this.#open()
    return stateHash(session, Object.keys(programs.programs))
  }

  /** Gives back the arena. The run cannot go on after it. */
  async close(): Promise<void> {
    const opened = await this.#opening?.catch(() => undefined)
    await opened?.session.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #open(): Promise<Opened> {
    this.#opening ??= this.#compile()
    return this.#opening
  }

  async #compile(): Promise<Opened> {
    const { backend, memory, target, planning } = this.#options
    const programs = trainingPrograms(this.#model, this.#options)
    const session = await openSession({
      ...planning,
      programs: programs.programs,
      backend,
      finiteInputs: true,
      ...(memory !== undefined && { memory }),
      ...(target !== undefined && { target }),
    })
    await session.writeState(initialState(this.#model, this.#seed, this.#options.optimizer))
    const evaluator = new Evaluator(session, this.#model, this.#options, programs.evaluate)
    this.#opened = { session, programs, evaluator }
    return this.#opened
  }

  #ready(): Opened {
    if (this.#opened !== undefined) return this.#opened
    throw new StintError('NOT_OPEN', 'the run has no session yet', {
      hint: 'Await open(), or take a step, first.',
    })
  }

  async #train(opened: Opened, batch: Batch, epoch: number, start: number): Promise<StepReport> {
    const { rows } = batch
    const learningRate = this.#schedule?.(this.#done) ?? this.#options.optimizer.learningRate
    const inputs = this.#feed.inputs(batch, this.#schedule === undefined ? undefined : learningRate)
    const program = opened.programs.train.get(rows)!
    let outputs: { readonly [name: string]: TypedArray }
    let touchedPeakBytes: number | undefined
    if (this.#options.audit === true) {
      const audited = await opened.session.audit(program, inputs)
      outputs = audited.outputs
      touchedPeakBytes = audited.report.touchedPeakBytes
    } else outputs = await opened.session.run(program, inputs)
    this.#done++
    const ms = performance.now() - start
    return {
      step: this.#done,
      epoch: epoch + 1,
      rows,
      loss: outputs.loss![0]!,
      ...(outputs.correct !== undefined && { accuracy: outputs.correct[0]! / rows }),
      learningRate,
      ms,
      samplesPerSecond: (1000 * rows) / ms,
      ...(touchedPeakBytes !== undefined && { touchedPeakBytes }),
    }
  }
}
