import { exp } from './exp.ts'

/** 1 / (1 + e⁻ˣ), within 2 ulp; computed from the side where nothing overflows. */
export function sigmoid(x: number): number {
  if (x >= 0) return 1 / (1 + exp(-x))
  const e = exp(x)
  return e / (1 + e)
}
