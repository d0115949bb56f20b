import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { encode } from 'fast-png'

/** 28 x 28 gray images with their classes, 0..9. */
export interface TestSet {
  length: number
  /** The image as an 8-bit gray PNG, as a client would send it. */
  png(index: number): Uint8Array
  label(index: number): number
}

const SIDE = 28

/**
 * Reads the 10,000 test images.
 * @param folder with t10k-images-idx3-ubyte.gz and t10k-labels-idx1-ubyte.gz
 * @throws Error that says where to get the files
 * @see https://github.com/zalandoresearch/fashion-mnist#get-the-data (the idx format: big-endian sizes, then bytes)
 */
export async function readTestSet(folder: string): Promise<TestSet> {
  const images = await idx(folder, 't10k-images-idx3-ubyte.gz', 16)
  const labels = await idx(folder, 't10k-labels-idx1-ubyte.gz', 8)
  const area = SIDE * SIDE
  return {
    length: labels.length,
    png: (index) =>
      encode({
        width: SIDE,
        height: SIDE,
        channels: 1,
        depth: 8,
        data: images.subarray(index * area, (index + 1) * area),
      }),
    label: (index) => labels[index] as number,
  }
}

async function idx(folder: string, name: string, headerBytes: number): Promise<Buffer> {
  const path = join(folder, name)
  const packed = await readFile(path).catch((cause) => {
    throw new Error(
      `${path} is not there. Install Debian's package dataset-fashion-mnist, or download the file from ` +
        'https://github.com/zalandoresearch/fashion-mnist and set FASHION_MNIST_DIR to its folder.',
      { cause },
    )
  })
  return (await promisify(gunzip)(packed)).subarray(headerBytes)
}
