import { Ops } from './ops.ts'
import { type GraphFile, type Id, Tape } from './tape.ts'

const rule =
  'op-level forward + reverse-mode graph with the saved values each VJP really needs; roofline costs (ns at 10 TFLOP/s, 500 GB/s)'

export interface LstmSize {
  readonly steps: number
  readonly batch: number
  readonly inputs: number
  readonly hidden: number
}

/** An LSTM, unrolled, with a loss at every step: 49 nodes a step. */
export function lstm(name: string, { steps, batch, inputs, hidden }: LstmSize): GraphFile {
  const ops = new Ops(new Tape())
  const cell = batch * hidden
  const wx = ops.param('wx', inputs * 4 * hidden)
  const wh = ops.param('wh', hidden * 4 * hidden)
  const wo = ops.param('wo', hidden * inputs)
  const start = [ops.param('h0', cell), ops.param('c0', cell)] as const
  let [h, c]: readonly [Id, Id] = start
  let loss: Id | undefined
  for (let step = 0; step < steps; step++) {
    const t = `t${step}`
    const x = ops.param(`${t}.x`, batch * inputs)
    const xw = ops.product(`${t}.xw`, [x, wx], 4 * cell, inputs, [x])
    const hw = ops.product(`${t}.hw`, [h, wh], 4 * cell, hidden, start)
    const z = ops.add(`${t}.z`, [xw, hw], 4 * cell)
    const gate = (name: string): Id =>
      ops.byResult(`${t}.${name}`, ops.linear(`${t}.${name}s`, z, cell), cell)
    const [i, f, g, o] = [gate('i'), gate('f'), gate('g'), gate('o')]
    const fc = ops.times(`${t}.fc`, [f, c], cell, start)
    c = ops.add(`${t}.c`, [fc, ops.times(`${t}.ig`, [i, g], cell)], cell)
    h = ops.times(`${t}.h`, [o, ops.byResult(`${t}.tc`, c, cell)], cell)
    const y = ops.product(`${t}.y`, [h, wo], batch * inputs, hidden)
    const nll = ops.byInput(`${t}.nll`, y, 1)
    loss = loss === undefined ? nll : ops.add(`${t}.L`, [loss, nll], 1)
  }
  const source = `LSTM unrolled, T=${steps} B=${batch} in=${inputs} hidden=${hidden}; ${rule}`
  return ops.tape.finish({ name, source }, loss!, [wx, wh, wo])
}

export interface TransformerSize {
  readonly layers: number
  readonly width: number
  readonly heads: number
  readonly tokens: number
  readonly batch: number
  readonly vocabulary: number
}

/** A decoder with attention that stores its scores: 48 nodes a layer. */
export function transformer(name: string, size: TransformerSize): GraphFile {
  const { layers, width, heads, tokens: length, batch, vocabulary } = size
  const ops = new Ops(new Tape())
  const params: Id[] = []
  const param = (name: string, elements: number): Id => {
    const id = ops.param(name, elements)
    params.push(id)
    return id
  }
  const [rows, scores] = [batch * length, batch * heads * length * length]
  const all = rows * width
  const tokens = ops.param('tokens', rows)
  const wte = param('wte', vocabulary * width)
  let x = ops.tape.op({
    name: 'embed',
    bytes: 4 * all,
    inputs: [tokens, wte],
    back: () => [undefined, [tokens]],
  })
  for (let layer = 0; layer < layers; layer++) {
    const h = `h${layer}`
    const linear = (name: string, from: Id, k: number, n: number): Id =>
      ops.product(`${h}.${name}`, [from, param(`${h}.${name}.w`, k * n)], rows * n, k)
    const a = ops.norm(`${h}.ln1`, [x, param(`${h}.g1`, 2 * width)], all)
    const [q, k, v] = [
      linear('q', a, width, width),
      linear('k', a, width, width),
      linear('v', a, width, width),
    ]
    const qk = ops.product(`${h}.qk`, [q, k], scores, width / heads)
    const softmax = ops.byResult(`${h}.softmax`, qk, scores)
    const av = ops.product(`${h}.av`, [softmax, v], all, length)
    x = ops.add(`${h}.res1`, [x, linear('proj', av, width, width)], all)
    const b = ops.norm(`${h}.ln2`, [x, param(`${h}.g2`, 2 * width)], all)
    const gelu = ops.byInput(`${h}.gelu`, linear('fc1', b, width, 4 * width), 4 * rows * width)
    x = ops.add(`${h}.res2`, [x, linear('fc2', gelu, 4 * width, width)], all)
  }
  const last = ops.norm('lnf', [x, param('gf', 2 * width)], all)
  const logits = ops.product('logits', [last, wte], rows * vocabulary, width)
  const likely = ops.byResult('logsoftmax', logits, rows * vocabulary)
  const loss = ops.tape.op({ name: 'nll', bytes: 4, inputs: [likely, tokens], back: () => [[tokens]] })
  const source = `GPT-like, ${layers} layers d=${width} h=${heads} T=${length} B=${batch} V=${vocabulary}; ${rule}`
  return ops.tape.finish({ name, source }, loss, params)
}

/** Layers of one width with tanh. */
export function mlp(name: string, size: { layers: number; width: number; batch: number }): GraphFile {
  const { layers, width, batch } = size
  const ops = new Ops(new Tape())
  const params: Id[] = []
  const input = ops.param('x', batch * width)
  let x = input
  for (let layer = 0; layer < layers; layer++) {
    const [w, b] = [ops.param(`w${layer}`, width * width), ops.param(`b${layer}`, width)]
    params.push(w, b)
    const product = ops.product(`mm${layer}`, [x, w], batch * width, width, [input])
    x = ops.byResult(`tanh${layer}`, ops.bias(`ab${layer}`, [product, b], batch * width), batch * width)
  }
  const source = `tanh MLP, ${layers} layers d=${width} B=${batch}; ${rule}`
  return ops.tape.finish({ name, source }, ops.linear('sum', x, 1), params)
}

export interface UnetSize {
  /** Halvings of the picture. */
  readonly levels: number
  readonly side: number
  /** Channels of the first level; each next one has twice as many. */
  readonly channels: number
  readonly batch: number
}

/** A U-Net: two 3×3 convolutions a level on the way down and on the way up, a skip connection between them. */
export function unet(name: string, { levels, side, channels, batch }: UnetSize): GraphFile {
  const ops = new Ops(new Tape())
  const params: Id[] = []
  const area = (level: number): number => batch * (side >> level) ** 2
  const input = ops.param('x', 3 * area(0))
  const conv = (name: string, x: Id, level: number, from: number, to: number, kernel = 3): Id => {
    const w = ops.param(`${name}.w`, kernel * kernel * from * to)
    params.push(w)
    return ops.product(name, [x, w], to * area(level), kernel * kernel * from, [input])
  }
  const pair = (name: string, x: Id, level: number, from: number): Id => {
    const to = channels << level
    for (const part of ['a', 'b']) {
      const y = conv(`${name}.conv${part}`, x, level, part === 'a' ? from : to, to)
      x = ops.byResult(`${name}.relu${part}`, y, to * area(level))
    }
    return x
  }
  const skips: Id[] = []
  let x = input
  for (let level = 0; level < levels; level++) {
    x = pair(`down${level}`, x, level, level === 0 ? 3 : channels << (level - 1))
    skips.push(x)
    x = ops.pool(`down${level}.pool`, x, (channels << level) * area(level + 1))
  }
  x = pair('middle', x, levels, channels << (levels - 1))
  for (let level = levels - 1; level >= 0; level--) {
    const wide = channels << (level + 1)
    const up = ops.linear(`up${level}.up`, x, wide * area(level))
    const joined = ops.concat(
      `up${level}.cat`,
      [skips[level]!, up],
      (wide + (channels << level)) * area(level),
    )
    x = pair(`up${level}`, joined, level, wide + (channels << level))
  }
  const out = conv('out', x, 0, channels, 1, 1)
  const loss = ops.byInput('loss', out, 1)
  const source = `U-Net, ${levels} levels ${side}×${side} C=${channels} B=${batch}; ${rule}`
  return ops.tape.finish({ name, source }, loss, params)
}
