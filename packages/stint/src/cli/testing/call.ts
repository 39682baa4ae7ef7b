import { fileURLToPath } from 'node:url'
import { main } from '../main.ts'

/** The folder of the workspace. */
export const root: string = fileURLToPath(new URL('../../../../../', import.meta.url))

/** A recipe of the workspace, from its sources. */
export function recipePath(name: 'digits-mlp' | 'fashion-cnn'): string {
  return `${root}apps/${name}/src/index.ts`
}

/** What a command left behind. */
export interface Called {
  readonly status: number
  readonly out: string
  readonly err: string
}

/** Runs the command line in this process. */
export async function call(
  argv: readonly string[],
  options: { cwd?: string; live?: boolean } = {},
): Promise<Called> {
  let [out, err] = ['', '']
  const status = await main(argv, {
    out: text => {
      out += text
    },
    err: text => {
      err += text
    },
    live: options.live ?? false,
    columns: 80,
    cwd: options.cwd ?? root,
  })
  return { status, out, err }
}

/** The last line of the output, which is JSON. */
export function lastJson({ out }: Called): { readonly [field: string]: unknown } {
  return JSON.parse(out.trimEnd().split('\n').at(-1)!)
}

/** A recipe of these tests. */
export function fixture(name: string): string {
  return fileURLToPath(new URL(`recipes/${name}.ts`, import.meta.url))
}

/** What a failed command said in JSON. Throws where it did not fail, or said more. */
export async function failure(
  argv: readonly string[],
  options: { cwd?: string } = {},
): Promise<{ readonly [field: string]: unknown }> {
  const called = await call([...argv, '--json'], options)
  const lines = called.out.trimEnd().split('\n')
  const { error } = JSON.parse(lines[0]!) as { error?: { readonly [field: string]: unknown } }
  if (called.status === 0 || lines.length !== 1 || error === undefined)
    throw new Error(`no failure: ${called.out}`)
  return { status: called.status, ...error }
}
