import { ByteWriter } from './bytes.ts'
import { FunctionBuilder, type Signature, type ValType, valTypes } from './function.ts'

/** Size of a WebAssembly page in bytes. */
export const pageBytes = 65536

/** The memory that a module works in, imported as `env.memory`. */
export interface MemoryImport {
  readonly minPages: number
  /** Needed if `shared`. */
  readonly maxPages?: number
  readonly shared?: boolean
}

/** The table of functions, imported as `env.table`. */
export interface TableImport {
  readonly min: number
}

/** Builds one module; imported functions must be declared before the first own one. */
export class ModuleBuilder {
  readonly #types: string[] = []
  readonly #signatures: Signature[] = []
  readonly #imports: { readonly module: string; readonly name: string; readonly type: number }[] = []
  readonly #functions: { readonly builder: FunctionBuilder; readonly type: number }[] = []
  readonly #exports: { readonly name: string; readonly kind: number; readonly index: number }[] = []
  #memory: MemoryImport | undefined
  #table: TableImport | undefined

  /** Index of the type, the same for equal signatures. */
  type(params: readonly ValType[], results: readonly ValType[] = []): number {
    const key = `${params.join(',')}>${results.join(',')}`
    const known = this.#types.indexOf(key)
    if (known >= 0) return known
    this.#signatures.push({ params, results })
    return this.#types.push(key) - 1
  }

  importMemory(memory: MemoryImport): this {
    this.#memory = memory
    return this
  }

  importTable(table: TableImport): this {
    this.#table = table
    return this
  }

  /** Index of the imported function. */
  importFunction(
    module: string,
    name: string,
    params: readonly ValType[],
    results: readonly ValType[] = [],
  ): number {
    if (this.#functions.length > 0) throw new Error('imports come before functions')
    return this.#imports.push({ module, name, type: this.type(params, results) }) - 1
  }

  /** A new function: its index and the builder of its body. */
  function(
    params: readonly ValType[],
    results: readonly ValType[] = [],
  ): { readonly index: number; readonly code: FunctionBuilder } {
    const code = new FunctionBuilder({ params, results })
    const index = this.#imports.length + this.#functions.length
    this.#functions.push({ builder: code, type: this.type(params, results) })
    return { index, code }
  }

  exportFunction(name: string, index: number): this {
    this.#exports.push({ name, kind: 0, index })
    return this
  }

  /** The module in the binary format. */
  encode(): Uint8Array<ArrayBuffer> {
    const out = new ByteWriter().bytes([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00])
    section(out, 1, this.#signatures, (body, { params, results }) => {
      body.byte(0x60)
      for (const list of [params, results]) {
        body.u32(list.length)
        for (const type of list) body.byte(valTypes[type])
      }
    })
    section(out, 2, this.#importWriters(), (body, write) => write(body))
    section(out, 3, this.#functions, (body, f) => body.u32(f.type))
    section(out, 7, this.#exports, (body, e) => body.name(e.name).byte(e.kind).u32(e.index))
    section(out, 10, this.#functions, (body, f) => {
      const code = f.builder.encode()
      body.u32(code.length).bytes(code)
    })
    return out.finish()
  }

  #importWriters(): ((body: ByteWriter) => void)[] {
    const writers = this.#imports.map(i => (body: ByteWriter) => {
      body.name(i.module).name(i.name).byte(0).u32(i.type)
    })
    const [memory, table] = [this.#memory, this.#table]
    if (memory !== undefined)
      writers.push(body => {
        const flags = (memory.maxPages === undefined ? 0 : 1) | (memory.shared === true ? 2 : 0)
        body.name('env').name('memory').byte(2).byte(flags).u32(memory.minPages)
        if (memory.maxPages !== undefined) body.u32(memory.maxPages)
      })
    if (table !== undefined)
      writers.push(body => {
        body.name('env').name('table').byte(1).byte(0x70).byte(0).u32(table.min)
      })
    return writers
  }
}

function section<T>(
  out: ByteWriter,
  id: number,
  items: readonly T[],
  write: (body: ByteWriter, item: T) => void,
): void {
  if (items.length === 0) return
  const body = new ByteWriter().u32(items.length)
  for (const item of items) write(body, item)
  out.byte(id).sized(body)
}
