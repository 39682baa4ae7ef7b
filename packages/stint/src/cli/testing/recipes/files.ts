import { digits } from '@stint/data/node'
import type { Recipe } from '@stint/train'
import { tiny } from './tiny.ts'

/** Digits from the folder that the test has named. */
export const recipe: Recipe = tiny(async () => (await digits({ dir: process.env.STINT_TEST_DIGITS! })).train)
