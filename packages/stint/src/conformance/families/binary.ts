import * as g from '@stint/graph'
import type { Family } from '../context.ts'

/** Two inputs that broadcast together. */
const binary = (fn: (a: g.Value, b: g.Value) => g.Value): Family[string] => {
  return ({ input, other }) => fn(input!, other!)
}

export const binaries: Family = {
  add: binary(g.add),
  sub: binary(g.sub),
  mul: binary(g.mul),
  div: binary(g.div),
  pow: binary(g.pow),
  maximum: binary(g.maximum),
  minimum: binary(g.minimum),
  atan2: binary(g.atan2),
  logaddexp: binary(g.logAddExp),
  eq: binary(g.eq),
  ne: binary(g.ne),
  lt: binary(g.lt),
  le: binary(g.le),
  gt: binary(g.gt),
  ge: binary(g.ge),
  where: ({ condition, input, other }) => g.where(condition!.ne(0), input!, other!),
}
