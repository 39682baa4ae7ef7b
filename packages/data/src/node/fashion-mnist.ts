import type { Dataset } from '../dataset.ts'
import { imagesFromIdx } from '../labelled.ts'
import { readGzip } from './read-gzip.ts'

const classNames = [
  'T-shirt/top',
  'Trouser',
  'Pullover',
  'Dress',
  'Coat',
  'Sandal',
  'Shirt',
  'Sneaker',
  'Bag',
  'Ankle boot',
]

/** One part of Fashion-MNIST, whose files begin with `part`. */
export async function readFashionMnist(folder: URL, part: 'train' | 't10k'): Promise<Dataset> {
  const images = await readGzip(new URL(`${part}-images-idx3-ubyte.gz`, folder))
  const labels = await readGzip(new URL(`${part}-labels-idx1-ubyte.gz`, folder))
  return imagesFromIdx(images, labels, { classes: classNames.length, classNames })
}
