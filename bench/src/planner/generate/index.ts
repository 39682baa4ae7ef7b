import { layered } from './layered.ts'
import { lstm, mlp, transformer, unet } from './networks.ts'
import type { GraphFile } from './tape.ts'

export type { GraphFile } from './tape.ts'

/** Task graphs by name, made when they are asked for and always the same: small ones, middling ones, and of 100,000 nodes. */
export const generated: { readonly [name: string]: () => GraphFile } = Object.fromEntries([
  family('mlp-4', name => mlp(name, { layers: 4, width: 512, batch: 2048 })),
  family('mlp-12', name => mlp(name, { layers: 12, width: 256, batch: 2048 })),
  family('unet-2', name => unet(name, { levels: 2, side: 64, channels: 16, batch: 8 })),
  family('unet-4', name => unet(name, { levels: 4, side: 256, channels: 64, batch: 4 })),
  family('lstm-8', name => lstm(name, { steps: 8, batch: 64, inputs: 64, hidden: 128 })),
  family('lstm-40', name => lstm(name, { steps: 40, batch: 256, inputs: 64, hidden: 128 })),
  family('transformer-4', name => transformer(name, { ...gpt, layers: 4 })),
  family('transformer-24', name => transformer(name, { ...gpt, layers: 24 })),
  family('layered-200', name => layered(name, { layers: 20, width: 10, seed: 1 })),
  family('fp-lstm-t500', name => lstm(name, { steps: 500, batch: 64, inputs: 128, hidden: 256 })),
  family('layered-2000', name => layered(name, { layers: 100, width: 20, seed: 2 })),
  family('lstm-2040', name => lstm(name, { steps: 2040, batch: 64, inputs: 64, hidden: 128 })),
  family('transformer-2000', name => transformer(name, { ...gpt, layers: 2000 })),
  family('layered-100000', name => layered(name, { layers: 1000, width: 100, seed: 3 })),
])

const gpt = { width: 256, heads: 4, tokens: 256, batch: 8, vocabulary: 4096 }

function family(name: string, make: (name: string) => GraphFile): [string, () => GraphFile] {
  return [name, () => make(name)]
}
