import type { Site } from './graph.ts'

/** What every error of Stint carries besides its message. */
export interface ErrorFields {
  readonly op?: string | undefined
  readonly expected?: string | undefined
  readonly got?: string | undefined
  readonly hint?: string | undefined
  readonly site?: Site | undefined
}

/** Base of all errors: a stable `code`, and fields that say what was expected, what came, and what to do next. */
export class StintError extends Error {
  readonly code: string
  /** The message without its fields. */
  readonly what: string
  readonly op: string | undefined
  readonly expected: string | undefined
  readonly got: string | undefined
  readonly hint: string | undefined
  readonly site: Site | undefined

  constructor(code: string, what: string, fields: ErrorFields = {}) {
    super(compose(what, fields))
    this.name = new.target.name
    this.code = code
    this.what = what
    this.op = fields.op
    this.expected = fields.expected
    this.got = fields.got
    this.hint = fields.hint
    this.site = fields.site
  }
}

function compose(what: string, { op, expected, got, hint, site }: ErrorFields): string {
  let message = op === undefined ? what : `${op}: ${what}`
  if (expected !== undefined) message += `; expected ${expected}`
  if (got !== undefined) message += `, got ${got}`
  const where = site === undefined ? '' : showSite(site)
  if (where !== '') message += ` (${where})`
  if (hint !== undefined) message += `. ${hint}`
  return message
}

/** `block1.conv#2 model.ts:12`: layer path, which call of it when not the first, and the user's source line. */
export function showSite(site: Site): string {
  const path = site.call > 0 ? `${site.path}#${site.call}` : site.path
  const line = site.file === undefined ? '' : `${site.file}:${site.line ?? 0}`
  return [path, line].filter(part => part !== '').join(' ')
}

/** Shapes that do not fit an op. */
export class ShapeError extends StintError {
  constructor(what: string, fields: ErrorFields = {}) {
    super('SHAPE', what, fields)
  }
}

/** A dtype that an op does not take. */
export class DTypeError extends StintError {
  constructor(what: string, fields: ErrorFields = {}) {
    super('DTYPE', what, fields)
  }
}

/** An attribute (axis, stride, padding …) out of its range. */
export class AttrError extends StintError {
  constructor(what: string, fields: ErrorFields = {}) {
    super('ATTR', what, fields)
  }
}

/** A traced value used where it has no meaning: outside its trace, or as a JavaScript number. */
export class TraceError extends StintError {
  constructor(what: string, fields: ErrorFields = {}) {
    super('TRACE', what, fields)
  }
}

/** A graph from outside that is not well formed. */
export class GraphError extends StintError {
  constructor(what: string, fields: ErrorFields = {}) {
    super('GRAPH', what, fields)
  }
}

/** A program whose batch cannot be computed in slices. */
export class MicrobatchError extends StintError {
  /** Paths of the layers that mix examples; empty where that is not the reason. */
  readonly layers: readonly string[]
  constructor(what: string, layers: readonly string[], fields: ErrorFields = {}) {
    super('MICROBATCH', what, fields)
    this.layers = layers
  }
}
