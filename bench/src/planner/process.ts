import { fork } from 'node:child_process'
import process from 'node:process'
import { StintError } from '@stint/graph'
import { describe, type Failure } from '../error.ts'
import { type Job, type Line, measure } from './measure.ts'

/** The argument with which `script` measures one line. */
export const plannerArgument = 'serve-planner'

/** Measures in a process of its own, so that its memory and its first milliseconds are its own; without `script`, in this one. */
export function measureApart(job: Job, script: string | undefined): Promise<Line> {
  if (script === undefined) return Promise.resolve(measure(job))
  const child = fork(script, [plannerArgument], { stdio: ['ignore', 2, 2, 'ipc'] })
  return new Promise((resolve, reject) => {
    child.on('message', (reply: { line: Line } | { failure: Failure }) => {
      if ('line' in reply) resolve(reply.line)
      else reject(new StintError(reply.failure.code, reply.failure.message))
      child.disconnect()
    })
    child.on('error', reject)
    child.on('exit', (code, signal) =>
      reject(
        new StintError('PLANNER_DIED', 'the planning process ended early', { got: String(signal ?? code) }),
      ),
    )
    child.send(job)
  })
}

/** Measures one line for the process that forked this one. */
export function servePlanner(): void {
  process.on('message', (job: Job) => {
    try {
      process.send!({ line: measure(job) })
    } catch (error) {
      process.send!({ failure: describe(error) })
    }
  })
  process.on('disconnect', () => process.exit())
}
