// Threads of browsers and of Node, by one name. Node's module is asked for at run time, so that nothing of it is
// imported where there is none.

/** One end of the talk between two threads. */
export interface Port<In, Out> {
  post(message: Out): void
  listen(take: (message: In) => void): void
}

/** A thread, as the one sees it that made it. */
export interface Thread<In, Out> extends Port<In, Out> {
  /** Once, if the thread ends or fails, with the reason. Browsers report failures alone. */
  onEnd(take: (reason: string) => void): void
  /** Whether the thread keeps the process alive, where it can. */
  hold(alive: boolean): void
  terminate(): Promise<void>
}

interface NodeWorker {
  postMessage(message: unknown): void
  on(event: 'message' | 'error' | 'exit', take: (value: never) => void): void
  ref(): void
  unref(): void
  terminate(): Promise<number>
}

interface NodeThreads {
  readonly Worker: new (script: URL, options: object) => NodeWorker
  readonly parentPort: NodeWorker | null
}

interface NodeProcess {
  getBuiltinModule?(name: string): unknown
}

/** A module of Node; undefined elsewhere. */
function builtin<T>(name: string): T | undefined {
  const { process } = globalThis as { readonly process?: NodeProcess }
  return process?.getBuiltinModule?.(`node:${name}`) as T | undefined
}

/** The thread that made this one. */
export function parentOf<In, Out>(): Port<In, Out> {
  const node = builtin<NodeThreads>('worker_threads')?.parentPort
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

/** Starts a thread that runs the script of this package, or the one at `script`. */
export function spawn<In, Out>(script?: string | URL): Thread<In, Out> {
  const node = builtin<NodeThreads>('worker_threads')
  if (node !== undefined) return fromNode(new node.Worker(nodeScript(script), nodeOptions))
  // The pattern by which bundlers find the script: leave it in one piece.
  return fromBrowser(
    script === undefined
      ? new Worker(new URL('./thread.js', import.meta.url), { type: 'module' })
      : new Worker(script, { type: 'module' }),
  )
}

/** Threads keep little: most of the heap that a thread may grow to by default would stand idle. */
const nodeOptions = { name: 'stint', execArgv: [], resourceLimits: { maxYoungGenerationSizeMb: 4 } }

function nodeScript(script?: string | URL): URL {
  const here = import.meta.url
  return script === undefined ? new URL('./thread.js', here) : new URL(script, here)
}

function fromNode<In, Out>(worker: NodeWorker): Thread<In, Out> {
  return {
    post: message => worker.postMessage(message),
    listen: take => worker.on('message', take as (value: never) => void),
    onEnd: take => {
      worker.on('error', (error: unknown) => take(error instanceof Error ? error.message : String(error)))
      worker.on('exit', (code: number) => take(`it ended with code ${code}`))
    },
    hold: alive => {
      if (alive) worker.ref()
      else worker.unref()
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
    hold: () => undefined,
    terminate: async () => worker.terminate(),
  }
}

/** Cores that the machine lets the process use; 1 where nobody says. */
export function availableThreads(): number {
  const os = builtin<{ availableParallelism(): number }>('os')
  return os?.availableParallelism() ?? globalThis.navigator?.hardwareConcurrency ?? 1
}

/** Whether threads can share memory here. Browsers let isolated pages only. */
export function sharesMemory(): boolean {
  if (typeof SharedArrayBuffer === 'undefined') return false
  return (globalThis as { readonly crossOriginIsolated?: boolean }).crossOriginIsolated !== false
}
