import process from 'node:process'
import { main } from './conformance/main.ts'

process.exitCode = await main(process.argv.slice(2), {
  out: text => void process.stdout.write(`${text}\n`),
  err: text => void process.stderr.write(`${text}\n`),
})
