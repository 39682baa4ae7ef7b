import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import type { Dag, Plan } from './dag.ts'

/** SHA-256 of a plan: of its places, steps and choice. */
export function planHash(plan: Plan): string {
  const { pinned, steps, choice } = plan
  return bytesToHex(sha256(utf8ToBytes(JSON.stringify({ pinned, steps, choice }))))
}

/** SHA-256 of a DAG without its names and sites: equal hashes give equal plans. */
export function dagHash(dag: Dag): string {
  const plain = {
    values: dag.values.map(v => [v.bytes, v.pinned === true, v.input === true]),
    tasks: dag.tasks.map(t => [
      t.cost,
      t.reads,
      t.writes,
      t.workspace ?? 0,
      t.inPlace ?? [],
      t.once === true,
    ]),
    next: (dag.next ?? []).map(n => [n.pinned, n.value, n.copyCost]),
    choices: (dag.choices ?? []).map(c => c.options.map(o => o.off)),
    outputs: dag.outputs,
    align: dag.align ?? 1,
    // Left out where there are none, so that plans of such DAGs keep their names.
    ...(dag.checkpoints?.length && { checkpoints: dag.checkpoints.map(c => [c.tasks, c.keeps]) }),
  }
  return bytesToHex(sha256(utf8ToBytes(JSON.stringify(plain))))
}
