// `npm start`: installs, builds, and trains a convolutional network on Fashion-MNIST, on every core, in 40 % of the memory it
// would take unconstrained. Further arguments go to the command line: `npm start -- --seed 2`.
import process from 'node:process'
import { build, install, main, run } from './workspace.mjs'

main(() => {
  // Standard output is for the training alone.
  install({ stdout: 2 })
  build({ stdout: 2 })
  run(process.execPath, [
    'packages/stint/dist/cli.js',
    'train',
    'fashion-cnn',
    '--backend',
    'worker',
    '--memory',
    '40%',
    ...process.argv.slice(2),
  ])
})
