import { gelu, iota, silu, split, type Value } from '@stint/graph'
import {
  attention,
  batchNorm,
  conv2d,
  embedding,
  flatten,
  globalAvgPool2d,
  type Layer,
  layerNorm,
  linear,
  lstm,
  type Module,
  maxPool2d,
  module,
  sequential,
} from '@stint/nn'
import type { Case } from './case.ts'
import { Unsupported } from './context.ts'

type Layers = { readonly [name: string]: Layer }

/** The network of a case; its parameters have the paths that the case names. */
export function networkOf({ op, attrs }: Case): Module {
  const build = networks[op]
  if (build === undefined) throw new Unsupported(`no layers yet for '${op}'`)
  return build(attrs as never)
}

const networks: { readonly [op: string]: (attrs: never) => Module } = {
  'net.mlp': mlp,
  'net.lenet': lenet,
  'net.resnet': resnet,
  'net.lstm': lstmNet,
  'net.gpt': gpt,
}

const activations: { readonly [name: string]: (x: Value) => Value } = {
  relu: x => x.relu(),
  tanh: x => x.tanh(),
  silu,
}

function activation(name: string): (x: Value) => Value {
  const found = activations[name]
  if (found === undefined) throw new Unsupported(`no activation '${name}'`)
  return found
}

/** Children by number, one after the other, with `between` after each but the last. */
function chain(layers: readonly Layer[], between: (x: Value) => Value = x => x): Module {
  const children: Layers = Object.fromEntries(layers.map((layer, i) => [String(i), layer]))
  return module(children, (m, x) =>
    layers.reduce((y: Value, _, i) => {
      const next = m[String(i)]!(y)
      return i + 1 < layers.length ? between(next) : next
    }, x),
  )
}

function mlp({ sizes, activation: name }: { sizes: number[]; activation: string }): Module {
  const layers = sizes.slice(1).map((size, i) => linear(sizes[i]!, size))
  return module({ layers: chain(layers, activation(name)) }, (m, x) => m.layers(x))
}

interface LenetAttrs {
  readonly in: [number, number, number]
  readonly channels: [number, number]
  readonly fc: [number, number]
  readonly classes: number
  readonly pool: string
}

function lenet({ in: [depth, height, width], channels, fc, classes, pool }: LenetAttrs): Module {
  if (pool !== 'max') throw new Unsupported(`no LeNet with pooling '${pool}' here`)
  const features = channels[1] * ((height / 2 - 4) / 2) * ((width / 2 - 4) / 2)
  const layers = {
    conv1: conv2d(depth, channels[0], 5, { padding: 2 }),
    conv2: conv2d(channels[0], channels[1], 5),
    pool: maxPool2d(2),
    flat: flatten(),
    fc1: linear(features, fc[0]),
    fc2: linear(fc[0], fc[1]),
    fc3: linear(fc[1], classes),
  }
  return module(layers, (m, x) => {
    const h = m.pool(m.conv2(m.pool(m.conv1(x).relu())).relu())
    return m.fc3(m.fc2(m.fc1(m.flat(h)).relu()).relu())
  })
}

interface ResnetAttrs {
  readonly in: [number, number, number]
  readonly widths: readonly number[]
  readonly blocks: number
  readonly classes: number
  readonly activation: string
}

function resnet({ in: [depth], widths, blocks: perStage, classes, activation: name }: ResnetAttrs): Module {
  const act = activation(name)
  const blocks: Module[] = []
  let channels = widths[0]!
  for (const [stage, width] of widths.entries())
    for (let i = 0; i < perStage; i++) {
      blocks.push(basicBlock(channels, width, stage > 0 && i === 0 ? 2 : 1, act))
      channels = width
    }
  const layers = {
    stem: conv2d(depth, widths[0]!, 3, { padding: 1, bias: false }),
    bn: batchNorm(widths[0]!),
    blocks: chain(blocks),
    pool: globalAvgPool2d(),
    fc: linear(channels, classes),
  }
  return module(layers, (m, x) => m.fc(m.pool(m.blocks(act(m.bn(m.stem(x)))))))
}

/** Two convolutions and a shortcut (He et al. 2016), which is a convolution where the stride is not 1. */
function basicBlock(channels: number, width: number, stride: number, act: (x: Value) => Value): Module {
  const layers = {
    conv1: conv2d(channels, width, 3, { stride, padding: 1, bias: false }),
    bn1: batchNorm(width),
    conv2: conv2d(width, width, 3, { padding: 1, bias: false }),
    bn2: batchNorm(width),
    down:
      stride === 1
        ? (x: Value) => x
        : sequential(conv2d(channels, width, 1, { stride, bias: false }), batchNorm(width)),
  }
  return module(layers, (m, x) => act(m.bn2(m.conv2(act(m.bn1(m.conv1(x))))).add(m.down(x))))
}

interface LstmAttrs {
  readonly vocab: number
  readonly embedding: number
  readonly hidden: number
  readonly classes: number
  readonly layers: number
}

function lstmNet({ vocab, embedding: width, hidden, classes, layers }: LstmAttrs): Module {
  const children = {
    embedding: embedding(vocab, width),
    lstm: lstm(width, hidden, { layers }),
    fc: linear(hidden, classes),
  }
  return module(children, (m, x) => {
    const h = m.lstm(m.embedding(x))
    const [n, steps] = h.shape as [number, number, number]
    return m.fc(h.slice([0, steps - 1, 0], [n, steps, hidden]).reshape([n, hidden]))
  })
}

interface GptAttrs {
  readonly vocab: number
  readonly context: number
  readonly d: number
  readonly heads: number
  readonly layers: number
  readonly gelu: 'none' | 'tanh'
  readonly tied: boolean
}

function gpt(attrs: GptAttrs): Module {
  const { vocab, context, d, layers, tied } = attrs
  if (tied) throw new Unsupported('two layers that share a parameter')
  const children = {
    tok: embedding(vocab, d),
    pos: embedding(context, d),
    blocks: chain(Array.from({ length: layers }, () => gptBlock(attrs))),
    ln: layerNorm(d),
    head: linear(d, vocab, { bias: false }),
  }
  return module(children, (m, x) => {
    const positions = iota([x.shape[1]!])
    return m.head(m.ln(m.blocks(m.tok(x).add(m.pos(positions)))))
  })
}

function gptBlock({ d, heads, gelu: approximate }: GptAttrs): Module {
  const children = {
    ln1: layerNorm(d),
    ln2: layerNorm(d),
    qkv: linear(d, 3 * d, { bias: false }),
    proj: linear(d, d),
    up: linear(d, 4 * d),
    down: linear(4 * d, d),
  }
  return module(children, (m, x) => {
    const [n, steps] = x.shape as [number, number, number]
    const parts = split(m.qkv(m.ln1(x)), 3, 2).map(part => part.reshape([n, steps, heads, d / heads]))
    const [q, k, v] = parts as [Value, Value, Value]
    const attended = x.add(m.proj(attention(q, k, v, { causal: true }).reshape(x.shape)))
    return attended.add(m.down(gelu(m.up(m.ln2(attended)), approximate)))
  })
}
