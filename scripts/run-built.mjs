// node scripts/run-built.mjs <file> [arguments]: runs a built file of the workspace, and builds first where it is
// missing. Standard output belongs to the file.
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import { build, root } from './workspace.mjs'

const [target, ...args] = process.argv.slice(2)
const file = resolve(root, target)
if (!existsSync(file)) build({ stdout: 2 })

process.argv = [process.execPath, file, ...args]
await import(pathToFileURL(file).href)
