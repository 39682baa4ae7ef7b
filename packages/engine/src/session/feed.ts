import { type Input, isFloat, showType, sizeOf, type Type, type TypedArray, viewOf } from '@stint/graph'
import { FeedError } from './errors.ts'

export interface FeedCheck {
  /** Refuse NaN and infinities in floating-point inputs. */
  readonly finite: boolean
}

/** Checks what is fed for one input and gives its bytes, without a copy. Throws FeedError. */
export function feedBytes(
  input: Input,
  type: Type,
  data: TypedArray | undefined,
  check: FeedCheck,
): Uint8Array {
  const bytes = arrayBytes(input.name, type, data)
  const values = data!
  if (input.range !== undefined) checkRange(input.name, values, input.range)
  if (check.finite && isFloat(type.dtype)) {
    const at = values.findIndex((x: number) => !Number.isFinite(x))
    if (at >= 0)
      throw new FeedError(`input '${input.name}' holds a value that is not finite`, {
        expected: 'finite numbers',
        got: `${values[at]} at element ${at}`,
        hint: 'Clean the data, or open the session with finiteInputs: false.',
      })
  }
  return bytes
}

function checkRange(name: string, values: TypedArray, [low, high]: readonly [number, number]): void {
  const at = values.findIndex((x: number) => !(x >= low && x < high))
  if (at >= 0)
    throw new FeedError(`input '${name}' is out of range`, {
      expected: `whole numbers from ${low} to ${high - 1}`,
      got: `${values[at]} at element ${at}`,
      hint: 'Labels count from 0; check the number of classes of the model against the data.',
    })
}

/** The bytes of a typed array that holds a value of `type`. Throws FeedError where kind or length do not fit. */
export function arrayBytes(name: string, type: Type, data: TypedArray | undefined): Uint8Array {
  if (data === undefined)
    throw new FeedError(`nothing is given for '${name}'`, { expected: showType(type), got: 'nothing' })
  const like = viewOf(type.dtype, new ArrayBuffer(0), 0, 0)
  if (data.constructor !== like.constructor || data.length !== sizeOf(type.shape))
    throw new FeedError(`what is given for '${name}' does not fit`, {
      expected: `${like.constructor.name} of ${sizeOf(type.shape)} elements, as ${showType(type)}`,
      got: `${data.constructor.name} of ${data.length}`,
    })
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
}
