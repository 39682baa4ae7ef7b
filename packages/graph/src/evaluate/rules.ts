import { type ElementwiseOp, type OpName, opDef } from '../ops/index.ts'
import { conv, convInput, convWeight, dot } from './contraction.ts'
import type { Rule } from './dense.ts'
import { elementwise } from './elementwise.ts'
import { generator } from './generator.ts'
import { gather, scatterAdd } from './indexing.ts'
import { movement } from './movement.ts'
import { reduction } from './reduction.ts'
import { maxPool, maxPoolGather, maxPoolScatter, sumPool, sumUnpool } from './window.ts'

/** Every op but the elementwise ones, which their scalar meaning evaluates. */
const rules: { readonly [K in Exclude<OpName, ElementwiseOp>]: Rule } = {
  ...movement,
  ...generator,
  ...reduction,
  conv,
  convInput,
  convWeight,
  dot,
  gather,
  maxPool,
  maxPoolGather,
  maxPoolScatter,
  scatterAdd,
  sumPool,
  sumUnpool,
}

export function ruleOf(op: OpName): Rule {
  return Object.hasOwn(rules, op) ? rules[op as keyof typeof rules] : elementwise(opDef(op))
}
