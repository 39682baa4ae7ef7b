import { fork } from 'node:child_process'
import process from 'node:process'
import { StintError } from '@stint/graph'
import { describe, type Failure } from '../error.ts'
import type { Source } from './graphs.ts'
import { type Effort, type Job, type Line, measure, smallestBudget } from './measure.ts'

/** One thing to find out. */
interface Questions {
  readonly line: { readonly ask: Job; readonly answer: Line }
  readonly minimum: { readonly ask: { source: Source; effort: Effort }; readonly answer: number }
}

type Request = { readonly [K in keyof Questions]: { kind: K; ask: Questions[K]['ask'] } }[keyof Questions]
type Reply = { readonly answer: unknown } | { readonly failure: Failure }

/** The argument with which `script` answers one question. */
export const plannerArgument = 'serve-planner'

/** Finds out in a process of its own, so that its memory and its first milliseconds are its own; without `script`, in this one. */
export function apart<K extends keyof Questions>(
  kind: K,
  ask: Questions[K]['ask'],
  script: string | undefined,
): Promise<Questions[K]['answer']> {
  const request = { kind, ask } as Request
  if (script === undefined) return Promise.resolve(answer(request) as Questions[K]['answer'])
  const child = fork(script, [plannerArgument], { stdio: ['ignore', 2, 2, 'ipc'] })
  return new Promise((resolve, reject) => {
    child.on('message', (reply: Reply) => {
      if ('answer' in reply) resolve(reply.answer as Questions[K]['answer'])
      else reject(new StintError(reply.failure.code, reply.failure.message))
      child.disconnect()
    })
    child.on('error', reject)
    child.on('exit', (code, signal) =>
      reject(
        new StintError('PLANNER_DIED', 'the planning process ended early', { got: String(signal ?? code) }),
      ),
    )
    child.send(request)
  })
}

function answer(request: Request): Questions[keyof Questions]['answer'] {
  if (request.kind === 'line') return measure(request.ask)
  return smallestBudget(request.ask.source, request.ask.effort)
}

/** Answers one question for the process that forked this one. */
export function servePlanner(): void {
  process.on('message', (request: Request) => {
    try {
      process.send!({ answer: answer(request) })
    } catch (error) {
      process.send!({ failure: describe(error) })
    }
  })
  process.on('disconnect', () => process.exit())
}
