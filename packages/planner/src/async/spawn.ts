// A thread of browsers or of Node, by one name. Node's module is asked for at run time, so that nothing of it is imported
// where there is none.

/** A thread, as the one sees it that made it. */
export interface Thread<In, Out> {
  post(message: Out): void
  listen(take: (message: In) => void): void
  /** If the thread ends or fails, with the reason. Browsers report failures alone. */
  onEnd(take: (reason: string) => void): void
  terminate(): Promise<void>
}

interface NodeWorker {
  postMessage(message: unknown): void
  on(event: 'message' | 'error' | 'exit' | 'messageerror', take: (value: never) => void): void
  terminate(): Promise<number>
}

interface NodePort {
  postMessage(message: unknown): void
  on(event: 'message', take: (value: never) => void): void
}

interface NodeThreads {
  readonly Worker: new (script: URL, options: object) => NodeWorker
  readonly parentPort: NodePort | null
}

function nodeThreads(): NodeThreads | undefined {
  const { process } = globalThis as { readonly process?: { getBuiltinModule?(name: string): unknown } }
  return process?.getBuiltinModule?.('node:worker_threads') as NodeThreads | undefined
}

/** Starts a thread that runs the script of this package, or the one at `script`. Undefined where there are no threads. */
export function spawn<In, Out>(script?: string | URL): Thread<In, Out> | undefined {
  const node = nodeThreads()
  if (node !== undefined) {
    const at =
      script === undefined ? new URL('./thread.js', import.meta.url) : new URL(script, import.meta.url)
    return fromNode(new node.Worker(at, { name: 'stint-plan', execArgv: [] }))
  }
  if (typeof Worker === 'undefined') return undefined
  // The pattern by which bundlers find the script: leave it in one piece.
  return fromBrowser(
    script === undefined
      ? new Worker(new URL('./thread.js', import.meta.url), { type: 'module' })
      : new Worker(script, { type: 'module' }),
  )
}

/** The thread that made this one. */
export function parentOf<In, Out>(): Pick<Thread<In, Out>, 'post' | 'listen'> {
  const node = nodeThreads()?.parentPort
  if (node)
    return {
      post: message => node.postMessage(message),
      listen: take => node.on('message', take as (value: never) => void),
    }
  const self = globalThis as unknown as Worker
  return {
    post: message => self.postMessage(message),
    listen: take => self.addEventListener('message', event => take(event.data as In)),
  }
}

function fromNode<In, Out>(worker: NodeWorker): Thread<In, Out> {
  return {
    post: message => worker.postMessage(message),
    listen: take => worker.on('message', take as (value: never) => void),
    onEnd: take => {
      worker.on('error', (error: unknown) => take(error instanceof Error ? error.message : String(error)))
      worker.on('messageerror', () => take('a message could not be read'))
      worker.on('exit', (code: number) => take(`it ended with code ${code}`))
    },
    terminate: async () => {
      await worker.terminate()
    },
  }
}

function fromBrowser<In, Out>(worker: Worker): Thread<In, Out> {
  return {
    post: message => worker.postMessage(message),
    listen: take => worker.addEventListener('message', event => take(event.data as In)),
    onEnd: take => {
      worker.addEventListener('error', event => take(event.message || 'its script could not be loaded'))
      worker.addEventListener('messageerror', () => take('a message could not be read'))
    },
    terminate: async () => worker.terminate(),
  }
}
