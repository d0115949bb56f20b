import { rm } from 'node:fs/promises'
import { verifyBundle } from '@repo/model-bundle'
import { modelHistory, pullModel } from '@repo/model-loader'
import type { Lab } from '../lab.js'
import type { Workbench } from '../workbench.js'

const NAME = 'fashion-mnist'

/** Pulled as a pipeline would, every hash checked. */
async function latest(bench: Workbench) {
  const folder = bench.path('checked')
  await pullModel(bench.store, NAME, folder)
  const { manifest } = await verifyBundle(folder)
  await rm(folder, { recursive: true })
  return manifest
}

export const publish: Lab = {
  title: 'Train and publish a better model',
  async start(bench) {
    await bench.freshStore(1)
    return `The store ${bench.store.url} holds ${NAME} 1.0.0, which is right for 86.63 % of the test images.`
  },
  checks: [
    {
      what: 'the latest model is better than 1.0.0, and intact',
      hint: 'verify and publish packages/sample-model/bundles/fashion-mnist/2.0.0, or a model of yours',
      async look(bench) {
        const { version, metrics } = await latest(bench)
        const top1 = metrics?.top1
        if (version === '1.0.0') return 'the latest is 1.0.0'
        return (
          (top1 !== undefined && top1 > 86.63) ||
          `${version} is right for ${top1 ?? 'nobody knows how many'} %`
        )
      },
    },
    {
      what: 'it was taken back and promoted again',
      hint: 'npx --no model promote fashion-mnist 1.0.0, then the same with the better version',
      async look(bench) {
        const moves = await modelHistory(bench.store, NAME)
        const taken = moves.some(({ from, to }) => to === '1.0.0' && from !== undefined && from !== null)
        return taken || 'latest never moved back to 1.0.0'
      },
    },
  ],
}
