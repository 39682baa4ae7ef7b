import { TraceError } from '../errors.ts'
import type { Attrs } from '../graph.ts'
import type { OpName } from '../ops/index.ts'
import type { Builder } from './builder.ts'
import type { Value } from './value.ts'

const stack: Builder[] = []

/** The builder that ops are emitted to. Throws TraceError outside a trace. */
export function current(): Builder {
  const top = stack[stack.length - 1]
  if (top === undefined)
    throw new TraceError('there is no trace in progress', {
      hint: 'Traced functions run inside compile(), trace() or a derivative of them; do not call ops at module level.',
    })
  return top
}

/** The builder in progress, or undefined outside a trace. */
export function currentOrNone(): Builder | undefined {
  return stack[stack.length - 1]
}

/** Runs `body` with `builder` receiving the ops. */
export function within<T>(builder: Builder, body: () => T): T {
  stack.push(builder)
  try {
    return body()
  } finally {
    stack.pop()
  }
}

/** Emits one op and gives its first result. */
export function emit(op: OpName, attrs: Attrs, ...inputs: Value[]): Value {
  return current().emit(op, attrs, inputs)[0] as Value
}
