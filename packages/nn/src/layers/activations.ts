import type { Value } from '@stint/graph'
import type { Module } from '../module.ts'

function activation(kind: string, f: (x: Value) => Value): Module {
  return { kind, forward: (_, x) => f(x) }
}

/** max(x, 0). */
export const relu = (): Module => activation('relu', x => x.relu())
export const tanh = (): Module => activation('tanh', x => x.tanh())
export const sigmoid = (): Module => activation('sigmoid', x => x.sigmoid())

/** x where positive, else slope · x. */
export const leakyRelu = (slope = 0.01): Module =>
  activation('leakyRelu', x => x.gt(0).where(x, x.mul(slope)))

/** x where positive, else α (eˣ − 1). */
export const elu = (alpha = 1): Module =>
  activation('elu', x => x.gt(0).where(x, x.minimum(0).expm1().mul(alpha)))

/** x · sigmoid(x). */
export const silu = (): Module => activation('silu', x => x.mul(x.sigmoid()))

/** x Φ(x), exact or by the tanh approximation (Hendrycks & Gimpel 2016). */
export const gelu = (approximate: 'none' | 'tanh' = 'none'): Module =>
  activation('gelu', x =>
    approximate === 'none'
      ? x.mul(0.5).mul(x.mul(Math.SQRT1_2).erf().add(1))
      : x.mul(0.5).mul(x.add(x.mul(x).mul(x).mul(0.044715)).mul(0.7978845608028654).tanh().add(1)),
  )

/** eˣ / Σ eˣ along the last axis. */
export const softmax = (): Module => activation('softmax', x => x.softmax())

/** Axes from `from` on become one. */
export const flatten = (from = 1): Module => activation('flatten', x => x.flatten(from))
