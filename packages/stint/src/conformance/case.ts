import { StintError } from '@stint/graph'
import { readSafetensors, type Tensor } from './safetensors.ts'

/** Arguments of an operation, as plain data under the names that torch uses. */
export type CaseAttrs = { readonly [name: string]: unknown }

/** `|a − b| ≤ atol + rtol·|b|`, with one `atol` or one for each element. */
export interface Tolerance {
  readonly rtol: number
  readonly atol: number | readonly number[]
}

/** One comparison: an operation, what goes in, and what must come out. Names are those of tensors in `file`. */
export interface Case {
  readonly id: string
  readonly group: string
  readonly op: string
  readonly file: string
  readonly attrs: CaseAttrs
  readonly inputs: readonly string[]
  readonly inputRoles: readonly string[]
  readonly outputs: readonly string[]
  readonly outputRoles: readonly string[]
  /** For each input its vector-Jacobian product with `gradOutput`, or null. */
  readonly grads: readonly (string | null)[]
  readonly gradOutput: string | readonly (string | null)[] | null
  readonly rtol: number
  readonly atol: number
  /** Tolerances of single tensors, in place of `atol`. */
  readonly atols?: { readonly [tensor: string]: number }
  /** Schedules: the rate of each step, in f64. */
  readonly values?: readonly number[]
  /** Networks: paths of the parameters and statistics, and what they are after five steps. */
  readonly params?: readonly string[]
  readonly paramsAfter5?: readonly string[]
  readonly paramsAfter5Tol?: Tolerance
  readonly buffers?: readonly string[]
  readonly buffersAfter5?: readonly string[]
  readonly lossCurve?: string
  /** Networks whose gradients are clipped: their norm in step 0, before that. */
  readonly gradNorm?: string
  readonly lossCurveTol?: Tolerance
}

/** Cases and their numbers. */
export interface Suite {
  readonly cases: readonly Case[]
  /** The tensor of that name. Throws StintError (`CONFORMANCE`) where the case's file does not hold it. */
  tensor(of: Case, name: string): Tensor
}

/**
 * A suite from the files of its folder: `index.json` and the safetensors files that it names. Throws StintError
 * (`CONFORMANCE`, `SAFETENSORS`) where one is missing or damaged.
 */
export function loadSuite(files: { readonly [name: string]: Uint8Array }): Suite {
  const file = (name: string): Uint8Array => {
    const bytes = Object.hasOwn(files, name) ? files[name] : undefined
    if (bytes === undefined) throw new StintError('CONFORMANCE', `the folder holds no '${name}'`)
    return bytes
  }
  const { cases } = parseIndex(new TextDecoder().decode(file('index.json')))
  const names = [...new Set(cases.map(c => c.file))]
  const tensors = new Map(names.map(name => [name, readSafetensors(file(name))]))
  return {
    cases,
    tensor(of, name) {
      const found = tensors.get(of.file)?.get(name)
      if (found === undefined)
        throw new StintError(
          'CONFORMANCE',
          `'${of.file}' holds no tensor '${name}', which case ${of.id} needs`,
        )
      return found
    },
  }
}

const lists = ['inputs', 'inputRoles', 'outputs', 'outputRoles', 'grads'] as const

function parseIndex(text: string): { cases: readonly Case[] } {
  let index: { format?: unknown; cases?: unknown }
  try {
    index = JSON.parse(text)
  } catch (error) {
    throw new StintError('CONFORMANCE', 'index.json is not JSON', { got: String(error) })
  }
  if (index?.format !== 1 || !Array.isArray(index.cases))
    throw new StintError('CONFORMANCE', 'index.json is of an unknown format', {
      expected: 'format 1, with cases',
      got: `format ${JSON.stringify(index?.format)}`,
    })
  for (const [i, c] of (index.cases as Partial<Case>[]).entries()) {
    const texts = [c.id, c.group, c.op, c.file].every(x => typeof x === 'string')
    const whole = texts && lists.every(key => Array.isArray(c[key]))
    if (!whole || typeof c.rtol !== 'number' || typeof c.atol !== 'number')
      throw new StintError('CONFORMANCE', `case ${c.id ?? i} of index.json is not complete`, {
        expected: `id, group, op, file, ${lists.join(', ')}, rtol, atol`,
      })
  }
  return { cases: index.cases as Case[] }
}
