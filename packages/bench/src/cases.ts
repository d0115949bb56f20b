import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readBundle } from '@repo/model-bundle'
import { fetchModel } from '@repo/model-loader'
import { sampleBundles } from '@repo/sample-model'
import { modelCacheFolder } from './env.js'
import { photo } from './models/photo.js'
import { writeResNet50 } from './models/resnet50.js'

/** One model with one image. */
export interface BenchCase {
  id: 'sample' | 'sample-1' | 'mobilenet' | 'resnet50'
  title: string
  /** The model's bundle. */
  folder: string
  image: Buffer
  /** Images that each thread of the limit works on at a time: with less it would wait for itself. */
  limitInFlight: number
  /** Whether a client can offer several times its capacity and leave the server the machine. */
  overload: boolean
}

const WAYS: Record<BenchCase['id'], (workFolder: string) => Promise<BenchCase>> = {
  /** The version that npm start serves. */
  sample: () => sampleCase('sample', sampleBundles.at(-1)),
  /** The simple first version: it takes no time to speak of, so all that counts is what is around it. */
  'sample-1': () => sampleCase('sample-1', sampleBundles[0]),
  async mobilenet(workFolder) {
    const id = 'mobilenetv2-12-int8'
    const signal = AbortSignal.timeout(60_000)
    const { folder } = await fetchModel(id, {
      cacheFolder: modelCacheFolder,
      target: join(workFolder, id),
      signal,
    })
    const image = await photo()
    return {
      id: 'mobilenet',
      title: `MobileNetV2 int8, 1280x960 JPEG of ${Math.round(image.length / 1000)} kB`,
      folder,
      image,
      limitInFlight: 2,
      overload: true,
    }
  },
  async resnet50(workFolder) {
    const folder = join(workFolder, 'resnet50')
    await writeResNet50(folder)
    const image = await photo()
    return {
      id: 'resnet50',
      title: 'ResNet-50 shape, the same JPEG',
      folder,
      image,
      limitInFlight: 2,
      overload: true,
    }
  },
}

async function sampleCase(id: BenchCase['id'], folder = ''): Promise<BenchCase> {
  const { manifest } = await readBundle(folder)
  return {
    id,
    title: `Sample model ${manifest.version}, 28x28 PNG`,
    folder,
    image: await readFile(join(folder, manifest.samples[0]?.file ?? '')),
    limitInFlight: 16,
    overload: false,
  }
}

/**
 * Makes the cases, or the one that is asked for.
 * @param skip told of a case that cannot be had here, and why
 * @throws Error for an unknown case
 */
export async function prepareCases(
  workFolder: string,
  only: string | undefined,
  skip: (why: string) => void,
): Promise<BenchCase[]> {
  // Not about serving: see pull/measure-pulls.ts.
  if (only === 'pull') return []
  const ids = Object.keys(WAYS) as BenchCase['id'][]
  const wanted = ids.filter((id) => only === undefined || id === only)
  if (wanted.length === 0) throw new Error(`there is no case "${only}"; there are ${ids.join(', ')}`)
  const cases: BenchCase[] = []
  for (const id of wanted) {
    try {
      cases.push(await WAYS[id](workFolder))
    } catch (error) {
      skip(`${id}: ${(error as Error).message}`)
    }
  }
  return cases
}

/** The body of a request in the original's form. */
export function scoreBody(image: Buffer): string {
  return JSON.stringify({ input: JSON.stringify([image.toString('base64')]) })
}
