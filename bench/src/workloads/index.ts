import { w1 } from './w1.ts'
import { w2 } from './w2.ts'
import { w3 } from './w3.ts'
import { w4 } from './w4.ts'
import { w5 } from './w5.ts'
import { w8 } from './w8.ts'
import type { Workload } from './workload.ts'

export type { Batch } from './batches.ts'
export type { Workload } from './workload.ts'

/** By name. */
export const workloads: { readonly [name: string]: Workload } = { w1, w2, w3, w4, w5, w8 }
