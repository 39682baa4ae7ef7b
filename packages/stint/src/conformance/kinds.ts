import type { Case } from './case.ts'
import type { Found } from './compare.ts'
import { type Build, type Context, type Family, Unsupported } from './context.ts'
import { attention } from './families/attention.ts'
import { binaries } from './families/binary.ts'
import { conv } from './families/conv.ts'
import { elementwise } from './families/elementwise.ts'
import { type Expression, expressions } from './families/expressions.ts'
import { losses } from './families/losses.ts'
import { matmuls } from './families/matmul.ts'
import { norm } from './families/norm.ts'
import { pool } from './families/pool.ts'
import { reductions } from './families/reductions.ts'
import { shape } from './families/shape.ts'
import { runNet } from './net-case.ts'
import { runOp } from './op-case.ts'
import { clipping, runOptimizer } from './optim-case.ts'
import { runSchedule } from './schedule-case.ts'
import { gradientPenalty, runDerivative, runHessian, runHvp, runJacobian, runJvp } from './second.ts'

/** Runs one case in one precision. Throws Unsupported where something that it needs does not exist. */
export type CaseRunner = (at: Context) => Promise<readonly Found[]>

/** An expression that the case writes out. */
const expr: Build = (x, attrs: { expr: string } & Parameters<Expression>[1]) => {
  const found = expressions[attrs.expr]
  if (found === undefined) throw new Unsupported(`no expression '${attrs.expr}'`)
  return found(x, attrs)
}

const recurrent: Build = () => {
  throw new Unsupported('recurrent layers that take and give their state')
}

/** Ordinary cases: outputs and gradients of a function, by group. */
const families: { readonly [group: string]: Family } = {
  elementwise,
  binary: binaries,
  reductions,
  shape,
  matmul: matmuls,
  conv,
  pool,
  norm,
  attention,
  losses,
  recurrent: { rnn_tanh: recurrent, lstm: recurrent, gru: recurrent },
  optim: clipping,
  graph: { expr },
  second: { gradient_penalty: gradientPenalty },
}

const second: { readonly [op: string]: CaseRunner } = {
  hvp: runHvp,
  jvp: runJvp,
  jacobian: runJacobian,
  hessian: runHessian,
  derivatives: runDerivative,
}

/** The runner of a case's kind. Throws Unsupported where there is none. */
export function runnerOf({ group, op }: Case): CaseRunner {
  const build = families[group]?.[op]
  if (build !== undefined) return at => runOp(at, build)
  if (group === 'optim') return runOptimizer
  if (group === 'schedule') return runSchedule
  if (group === 'nets') return runNet
  const derivative = group === 'second' ? second[op] : undefined
  if (derivative === undefined) throw new Unsupported(`no op or layer '${op}'`)
  return derivative
}
