import type { Recipe } from '@stint/train'
import { rows, tiny } from './tiny.ts'

/** A NaN among the features. */
export const recipe: Recipe = tiny(async () => rows({ x: new Float32Array(20).fill(Number.NaN, 7, 8) }))
