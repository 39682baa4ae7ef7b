/** From so many tasks, or stages, on a DAG is large: one base order has to do, and many changes are made at a time. */
export const large = 3000
/** And from so many on huge: there is time for little but the first base order, and what was found once is used again. */
export const huge = 50_000
