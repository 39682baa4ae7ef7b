import type { Site } from '../graph.ts'

/** Frames of Stint's own packages, installed or in a checkout; test files count as the user's code. */
const own =
  /[\\/](?:@stint[\\/][\w-]+|node_modules[\\/]stint|packages[\\/](?:graph|autodiff|engine|nn|train|stint|backend-\w+))[\\/](?:src|dist)[\\/]/
const isTest = /\.(?:test|spec|bench)\.\w+/

/** The innermost line of the user's on the stack: `model.ts:12`; undefined where the host keeps no stack. */
export function userLine(): { file: string; line: number } | undefined {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 40
  const stack = new Error().stack
  Error.stackTraceLimit = limit
  if (stack === undefined) return undefined
  for (const frame of stack.split('\n').slice(1)) {
    if (frame.includes('node:internal') || (own.test(frame) && !isTest.test(frame))) continue
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
