import type { ElementwiseOp } from '@stint/graph'
import { encodePhases, phaseImports } from '../compile.ts'
import { emitBox } from '../nest/box.ts'

/** An elementwise op of one f32 operand, applied to numbers by generated code. */
export function evaluateOp(op: ElementwiseOp, x: Float32Array): Float32Array {
  const n = x.length
  const memory = new WebAssembly.Memory({ initial: Math.ceil((8 * n + 64) / 65536) })
  const code = encodePhases(
    [
      [
        b =>
          emitBox(b, {
            elements: {
              domain: [n],
              exprs: [
                { kind: 'load', operand: 0, at: { offset: 0, coefs: [1] }, guards: [], dtype: 'f32' },
                { kind: 'apply', op, args: [0], dtype: 'f32' },
              ],
            },
            outputs: [{ expr: 1, dtype: 'f32', base: () => b.arg(1), offset: 0, strides: [4] }],
          }),
      ],
    ],
    { relaxed: false, shared: false },
  )
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(code), phaseImports(memory))
  new Int32Array(memory.buffer).set([0, 64, 64 + 4 * n])
  new Float32Array(memory.buffer, 64, n).set(x)
  ;(exports.p0 as (...args: number[]) => void)(0, 0, 1)
  return new Float32Array(memory.buffer, 64 + 4 * n, n).slice()
}
