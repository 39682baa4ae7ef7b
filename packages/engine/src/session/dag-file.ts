import type { Dag } from '@stint/planner'
import type { ProgramDag } from '../tasks/dag.ts'
import type { Compiled } from './compile.ts'
import { Session } from './session.ts'

/** A DAG with its name: what `parseDag` of the planner reads, once written as JSON. */
export interface DagFile extends Dag {
  readonly name: string
}

/**
 * The task DAG of a program in the planner's neutral form, as plain data: `JSON.stringify` writes the file. Names hold
 * the layer path. Planned with the same `fixed` (`program.dag.fixed`: where the session has put what stays) the rungs of
 * the planner's `ladder` are those that the engine chooses from.
 *
 * Takes a compiled function, a session (then its main program) or one of its programs (`session.program(name)`).
 *
 * @example
 * await writeFile('step.json', JSON.stringify(toDag(step)))
 */
export function toDag(
  program: { readonly name: string; readonly dag: ProgramDag } | Session | Compiled,
): DagFile {
  if ('session' in program) return toDag(program.session)
  if (program instanceof Session) return toDag(program.program())
  return { name: program.name, ...program.dag.dag }
}
