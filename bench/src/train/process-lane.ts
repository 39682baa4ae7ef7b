import { type ChildProcess, fork } from 'node:child_process'
import process from 'node:process'
import { StintError } from '@stint/graph'
import { describe, type Failure } from '../error.ts'
import { type Closed, type Lane, type LaneSpec, LocalLane, type Opened, type Steps } from './lane.ts'

type Request =
  | { readonly kind: 'open'; readonly spec: LaneSpec }
  | { readonly kind: 'steps'; readonly count: number }
  | { readonly kind: 'close' }
type Reply = { readonly result: Opened | Steps | Closed } | { readonly failure: Failure }

/** The argument with which `script` serves a lane. */
export const laneArgument = 'serve-lane'

/**
 * Runs a combination in a process of its own, so that its memory and its time from the start are its own: `script`, run
 * with `laneArgument`, must call `serveLane`.
 */
export class ProcessLane implements Lane {
  readonly #spec: LaneSpec
  readonly #child: ChildProcess

  constructor(spec: LaneSpec, script: string) {
    this.#spec = spec
    this.#child = fork(script, [laneArgument], {
      env: { ...process.env, T0: String(Date.now()) },
      stdio: ['ignore', 2, 2, 'ipc'],
    })
  }

  async open(): Promise<Opened> {
    return (await this.#ask({ kind: 'open', spec: this.#spec })) as Opened
  }

  async steps(count: number): Promise<Steps> {
    return (await this.#ask({ kind: 'steps', count })) as Steps
  }

  async close(): Promise<Closed> {
    try {
      return (await this.#ask({ kind: 'close' })) as Closed
    } finally {
      if (this.#child.connected) this.#child.disconnect()
    }
  }

  #ask(request: Request): Promise<unknown> {
    const child = this.#child
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        child.off('message', onMessage)
        child.off('exit', onExit)
        child.off('error', onError)
        act()
      }
      const onMessage = (reply: Reply): void =>
        settle(() => {
          if ('result' in reply) resolve(reply.result)
          else reject(new StintError(reply.failure.code, reply.failure.message))
        })
      const onExit = (code: number | null, signal: string | null): void =>
        settle(() => reject(died(signal ?? `exit code ${code}`)))
      const onError = (error: Error): void => settle(() => reject(died(error.message)))
      child.on('message', onMessage)
      child.on('exit', onExit)
      child.on('error', onError)
      if (child.exitCode !== null || !child.connected) onExit(child.exitCode, child.signalCode)
      else child.send(request)
    })
  }
}

function died(got: string): StintError {
  return new StintError('LANE_DIED', 'the measured process ended early', { got })
}

/** Serves one lane to the process that forked this one, until it lets go. */
export function serveLane(): void {
  let lane: Lane | undefined
  const answer = async (request: Request): Promise<Opened | Steps | Closed> => {
    if (request.kind === 'open') {
      lane = new LocalLane(request.spec)
      return lane.open()
    }
    return request.kind === 'steps' ? lane!.steps(request.count) : lane!.close()
  }
  process.on('message', (request: Request) => {
    answer(request).then(
      result => process.send!({ result } satisfies Reply),
      error => process.send!({ failure: describe(error) } satisfies Reply),
    )
  })
  process.on('disconnect', () => process.exit())
}
