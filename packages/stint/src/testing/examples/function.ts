import { compile, cpu, f32, type Value, valueAndGrad } from 'stint'

const energy = (w: Value, x: Value) => x.matmul(w).tanh().square().sum()
const f = await compile(valueAndGrad(energy), {
  inputs: [f32(64, 8), f32(128, 64)],
  memory: '96 KiB',
  backend: cpu(),
})
const [value, dw] = (await f(
  new Float32Array(512).fill(0.01),
  new Float32Array(8192).fill(0.1),
)) as Float32Array[]
console.log(`energy ${value}, ${dw?.length} derivatives, in ${f.plan.arenaBytes} bytes`)
await f.close()
