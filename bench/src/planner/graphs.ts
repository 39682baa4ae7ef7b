import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { type Dag, parseDag } from '@stint/planner'
import { UsageError } from '../error.ts'
import { generated } from './generate/index.ts'

/** Where a task graph comes from: a file, or a generator by name. */
export type Source = { readonly file: string } | { readonly generated: string }

export interface Graph {
  readonly dag: Dag
  /** Nodes of a file in the shorthand; tasks of one in full. */
  readonly nodes: number
}

export function nameOf(source: Source): string {
  return 'file' in source ? basename(source.file, '.json') : source.generated
}

/** Reads or makes a task graph. Throws DagError. */
export function load(source: Source): Graph {
  const json =
    'file' in source ? JSON.parse(readFileSync(source.file, 'utf8')) : generated[source.generated]!()
  const { dag, shorthand } = parseDag(json)
  return { dag, nodes: shorthand ? json.nodes.length : dag.tasks.length }
}

/** The task graphs in a folder; other JSON files are left alone. Throws UsageError if there is no such folder. */
export function graphsIn(folder: string): Source[] {
  return filesOf(folder)
    .filter(name => name.endsWith('.json'))
    .sort()
    .map(name => join(folder, name))
    .filter(isGraph)
    .map(file => ({ file }))
}

/** All that can be generated, the small ones first. */
export function generatedGraphs(): Source[] {
  return Object.keys(generated).map(name => ({ generated: name }))
}

function filesOf(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    throw new UsageError(`there is no folder ${folder}`, { got: String((error as { code?: unknown }).code) })
  }
}

/** Whether it has nodes, or values and tasks. */
function isGraph(file: string): boolean {
  const json = JSON.parse(readFileSync(file, 'utf8'))
  return Array.isArray(json?.nodes) || (Array.isArray(json?.values) && Array.isArray(json?.tasks))
}
