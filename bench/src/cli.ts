import process from 'node:process'
import { main } from './main.ts'
import { plannerArgument, servePlanner } from './planner/process.ts'
import { laneArgument, serveLane } from './train/process-lane.ts'

const args = process.argv.slice(2)
if (args[0] === laneArgument && process.send !== undefined) serveLane()
else if (args[0] === plannerArgument && process.send !== undefined) servePlanner()
else
  process.exitCode = await main(args, {
    out: line => void process.stdout.write(`${line}\n`),
    err: line => void process.stderr.write(`${line}\n`),
    script: process.argv[1]!,
  })
