import type { Dag } from './dag.ts'

/** The same DAG where nothing gets an offset: only live bytes count, and nothing is aligned. */
export function liveOnly(dag: Dag): Dag {
  const { align = 1 } = dag
  // What is no alignment is for the model to refuse.
  return Number.isInteger(align) && align > 1 ? { ...dag, align: 1 } : dag
}
