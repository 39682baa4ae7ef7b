import type { Dataset } from '@stint/data'
import type { Microbatches, ProgramSpec } from '@stint/engine'
import { f32, i32, type Type, type Value } from '@stint/graph'
import { evalStep, type Layer, type StepOptions, trainStep } from '@stint/nn'
import type { FitOptions, Method } from './options.ts'

/** Rows of the steps of an epoch: of the full ones, and of the short last one, 0 where the data come out even. */
export interface BatchSizes {
  readonly full: number
  readonly last: number
}

export function batchSizes({ rows }: Pick<Dataset, 'rows'>, batch: number): BatchSizes {
  const full = Math.min(batch, rows)
  return { full, last: rows % full }
}

/** The programs of a run, by name. */
export interface TrainingPrograms {
  readonly programs: { readonly [name: string]: ProgramSpec }
  /** Name of the training program for a number of rows. */
  readonly train: ReadonlyMap<number, string>
  /** Name of the evaluating program for a number of rows. */
  readonly evaluate: ReadonlyMap<number, string>
}

/** What the programs of a run depend on. */
export type ProgramOptions = Method & Pick<FitOptions, 'data' | 'test' | 'batch' | 'microbatches'>

/**
 * The programs of a run, to be planned over one arena: `train` and `evaluate` on full batches, `train.last` and
 * `evaluate.last` on the short last ones. Evaluation takes the batch size of training, so it fits where training does.
 */
export function trainingPrograms(model: Layer, options: ProgramOptions): TrainingPrograms {
  const { data, test = data, batch } = options
  const programs: { [name: string]: ProgramSpec } = {}
  const declare = (kind: 'train' | 'evaluate', { full, last }: BatchSizes): Map<number, string> => {
    const names = new Map([[full, kind], ...(last > 0 ? [[last, `${kind}.last`] as const] : [])])
    for (const [rows, name] of names)
      programs[name] =
        kind === 'train' ? trainProgram(model, options, rows) : evaluateProgram(model, options, rows)
    return names
  }
  return {
    programs,
    train: declare('train', batchSizes(data, batch)),
    evaluate: declare('evaluate', batchSizes(test, batch)),
  }
}

function trainProgram(model: Layer, options: ProgramOptions, rows: number): ProgramSpec {
  const { optimizer, clipNorm, schedule } = options
  const scheduled = schedule !== undefined
  const fn = trainStep(model, {
    ...common(options),
    optimizer,
    scheduled,
    ...(clipNorm !== undefined && { clipNorm }),
  })
  return {
    fn,
    inputs: [...batchTypes(options.data, rows), ...(scheduled ? [f32()] : [])],
    names: ['x', 'y', 'rate'],
    ...slices(options, rows),
  }
}

/**
 * How the batch of a program is cut: a full one evenly, and others, which are for the short last step or for another
 * data set, into slices that are no larger.
 */
function slices(
  { data, batch, microbatches }: ProgramOptions,
  rows: number,
): { microbatches?: Microbatches } {
  if (microbatches === undefined) return {}
  const { full } = batchSizes(data, batch)
  const size = rows === full ? { count: microbatches } : { rows: Math.max(1, Math.ceil(full / microbatches)) }
  return { microbatches: { ...size, inputs: ['x', 'y'] } }
}

/** The program that judges `rows` rows, without training. */
export function evaluateProgram(model: Layer, options: ProgramOptions, rows: number): ProgramSpec {
  return {
    fn: evalStep(model, common(options)),
    inputs: batchTypes(options.data, rows),
    names: ['x', 'y'],
    ...slices(options, rows),
  }
}

function common({ loss, accuracy = true, prepare, data }: ProgramOptions): Omit<StepOptions, 'optimizer'> {
  const bytes = data.x instanceof Uint8Array
  return { loss, countCorrect: accuracy, prepare: prepare ?? (bytes ? unitRange : x => x) }
}

/** Bytes of 0 to 255 → f32 in [0, 1]. */
function unitRange(x: Value): Value {
  return x.cast('f32').mul(1 / 255)
}

function batchTypes({ x, xShape }: Dataset, rows: number): Type[] {
  return [{ dtype: x instanceof Uint8Array ? 'u8' : 'f32', shape: [rows, ...xShape] }, i32(rows)]
}
