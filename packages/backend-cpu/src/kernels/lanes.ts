import type { DType, TypedArray } from '@stint/graph'

/**
 * Elements while a kernel computes with them: f32 for f32, and for bool and u8, which it holds exactly; f64 for f64,
 * i32 and u32. Two kinds of array keep the loops over them quick: an engine specializes each loop to the kinds it sees.
 */
export type Lanes = Float32Array | Float64Array

/** Bytes of a lane of this dtype. */
export function laneBytes(dtype: DType): 4 | 8 {
  return dtype === 'f32' || dtype === 'bool' || dtype === 'u8' ? 4 : 8
}

/** True if lanes of this dtype are the stored elements themselves, so that loops may read and write memory directly. */
export function lanesAreStored(dtype: DType): boolean {
  return dtype === 'f32' || dtype === 'f64'
}

/** z[c + i] = x[a + i·step] for i < n. */
export type Load = (n: number, z: Lanes, c: number, x: TypedArray, a: number, step: number) => void

/** z[c + i·step] = x[a + i] for i < n. */
export type Store = (n: number, z: TypedArray, c: number, step: number, x: Lanes, a: number) => void

// One text for each kind of array, so that each stays specialized to its own.
export const loads: { readonly [D in DType]: Load } = {
  f32(n, z, c, x, a, step) {
    for (let i = 0; i < n; i++) {
      z[c + i] = x[a]!
      a += step
    }
  },
  f64(n, z, c, x, a, step) {
    for (let i = 0; i < n; i++) {
      z[c + i] = x[a]!
      a += step
    }
  },
  i32(n, z, c, x, a, step) {
    for (let i = 0; i < n; i++) {
      z[c + i] = x[a]!
      a += step
    }
  },
  u32(n, z, c, x, a, step) {
    for (let i = 0; i < n; i++) {
      z[c + i] = x[a]!
      a += step
    }
  },
  u8: loadBytes,
  bool: loadBytes,
}

function loadBytes(n: number, z: Lanes, c: number, x: TypedArray, a: number, step: number): void {
  for (let i = 0; i < n; i++) {
    z[c + i] = x[a]!
    a += step
  }
}

export const stores: { readonly [D in DType]: Store } = {
  f32(n, z, c, step, x, a) {
    for (let i = 0; i < n; i++) {
      z[c] = x[a + i]!
      c += step
    }
  },
  f64(n, z, c, step, x, a) {
    for (let i = 0; i < n; i++) {
      z[c] = x[a + i]!
      c += step
    }
  },
  i32(n, z, c, step, x, a) {
    for (let i = 0; i < n; i++) {
      z[c] = x[a + i]!
      c += step
    }
  },
  u32(n, z, c, step, x, a) {
    for (let i = 0; i < n; i++) {
      z[c] = x[a + i]!
      c += step
    }
  },
  u8: storeBytes,
  bool: storeBytes,
}

function storeBytes(n: number, z: TypedArray, c: number, step: number, x: Lanes, a: number): void {
  for (let i = 0; i < n; i++) {
    z[c] = x[a + i]!
    c += step
  }
}

/** z[c + i] = x[a + i] for i < n. */
export function copyLanes(n: number, z: Lanes, c: number, x: Lanes, a: number): void {
  for (let i = 0; i < n; i++) z[c + i] = x[a + i]!
}

/** z[c + i] = value for i < n. */
export function fillLanes(n: number, z: Lanes, c: number, value: number): void {
  // The engine's own fill is quick once it has begun.
  if (n > 32) z.fill(value, c, c + n)
  else for (let i = 0; i < n; i++) z[c + i] = value
}
