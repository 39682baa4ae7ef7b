import { worker } from '@stint/backend-worker'
import { compile } from '@stint/engine'
import { f32 } from '@stint/graph'

await using distance = await compile((x, y) => x.sub(y).square().sum().sqrt(), {
  inputs: [f32(1000), f32(1000)],
  memory: '16 KiB',
  backend: worker({ threads: 2 }),
})
const value = await distance(new Float32Array(1000).fill(1), new Float32Array(1000).fill(0.5))
console.log(value, distance.plan.arenaBytes)
