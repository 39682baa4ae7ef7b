import type { Site } from '../graph.ts'

/** Frames of Stint's own packages, installed or in a checkout; tests and the conformance suite count as the user's code. */
const own =
  /[\\/](?:@stint[\\/][\w-]+|node_modules[\\/]stint|packages[\\/](?:graph|autodiff|engine|nn|train|stint|backend-\w+))[\\/](?:src|dist)[\\/](?!conformance)/
const isTest = /\.(?:test|spec|bench)\.\w+/

type Line = { readonly file: string; readonly line: number }

/** A frame as V8 hands it out before it is written as text. */
interface RawFrame {
  getFileName(): string | null | undefined
  getLineNumber(): number | null
  getColumnNumber(): number | null
}

/** What V8 adds to Error. */
const host = Error as unknown as {
  stackTraceLimit: number
  prepareStackTrace: ((error: Error, frames: readonly RawFrame[]) => unknown) | undefined
}

const known = new Map<string, Line | undefined>()

/** The innermost line of the user's on the stack: `model.ts:12`; undefined where the host keeps no stack. */
function userLine(): Line | undefined {
  // Text takes long where frames are mapped to their sources, so each place is looked up once.
  const place = userPlace()
  if (place === undefined) return search()
  if (!known.has(place)) known.set(place, search())
  return known.get(place)
}

const isOwn = (frame: string): boolean =>
  frame.includes('node:internal') || (own.test(frame) && !isTest.test(frame))

/**
 * The user's innermost place in the code as it runs, '' where no frame is the user's; undefined where the code as it
 * runs does not tell which are Stint's own.
 */
function userPlace(): string | undefined {
  const prepare = host.prepareStackTrace
  host.prepareStackTrace = (_, frames) => frames
  const frames = captured() as readonly RawFrame[] | string | undefined
  host.prepareStackTrace = prepare
  if (!Array.isArray(frames) || !own.test(frames[0]?.getFileName() ?? '')) return undefined
  const user: RawFrame | undefined = frames.find((f: RawFrame) => !isOwn(f.getFileName() ?? 'node:internal'))
  return user === undefined ? '' : `${user.getFileName()}:${user.getLineNumber()}:${user.getColumnNumber()}`
}

/** The stack as text, or as what `prepareStackTrace` makes of it. */
function captured(): unknown {
  const limit = host.stackTraceLimit
  host.stackTraceLimit = 40
  const { stack } = new Error()
  host.stackTraceLimit = limit
  return stack
}

function search(): Line | undefined {
  const stack = captured()
  if (typeof stack !== 'string') return undefined
  for (const frame of stack.split('\n').slice(1)) {
    if (isOwn(frame)) continue
    const found = /([^\\/(\s]+?)(?:\?[^:]*)?:(\d+)(?::\d+)?\)?$/.exec(frame.trim())
    if (found?.[1] === undefined || found[2] === undefined) continue
    return { file: found[1], line: Number(found[2]) }
  }
  return undefined
}

/** The layer path in force while a layer's forward pass is traced, and how often each was entered. */
export class ScopeStack {
  #path = ''
  #call = 0
  readonly #calls = new Map<string, number>()

  get path(): string {
    return this.#path
  }

  /** Which call of the layer at `path` is being traced, from 0. */
  get call(): number {
    return this.#call
  }

  /** Runs `body` with `name` appended to the layer path. */
  enter<T>(name: string, body: () => T): T {
    const outer = this.#path
    const outerCall = this.#call
    const path = outer === '' ? name : `${outer}.${name}`
    const key = outerCall > 0 ? `${path}@${outerCall}` : path
    const call = this.#calls.get(key) ?? 0
    this.#calls.set(key, call + 1)
    this.#path = path
    this.#call = outerCall + call
    try {
      return body()
    } finally {
      this.#path = outer
      this.#call = outerCall
    }
  }

  site(): Site {
    const line = userLine()
    const site = { path: this.#path, call: this.#call }
    return line === undefined ? site : { ...site, ...line }
  }
}
