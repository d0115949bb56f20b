import type { Lab } from '../lab.js'
import { ensureImage } from './images.js'
import { deployed, noRelease, pods } from './in-cluster.js'

export const chart: Lab = {
  title: 'The chart on a cluster',
  async start(bench) {
    await noRelease(bench)
    if (!(await bench.store.head('fashion-mnist/2.0.0/model.json'))) await bench.freshStore(2)
    await ensureImage(bench, 2)
    return 'The cluster is empty, and the image inference:lab-2 is here.'
  },
  checks: [
    {
      what: 'the release runs its image by digest',
      hint: 'image-push.sh, then deploy.sh with IMAGE_REPOSITORY and IMAGE_DIGEST from .local/lab/out/outputs.env',
      async look(bench) {
        const { values } = await deployed(bench)
        return values.image.digest !== '' || 'it names its image by a tag'
      },
    },
    {
      what: 'three pods serve it',
      hint: 'HELM_ARGS="--set replicaCount=3"',
      async look(bench) {
        const ready = (await pods(bench)).filter(({ isReady }) => isReady).length
        return ready === 3 || `${ready} pods are ready`
      },
    },
    {
      what: 'it answers from outside, with model 2.0.0',
      hint: 'the address is url in .local/lab/out/outputs.env; docs/cluster.md says what to do where nothing answers there',
      async look(bench) {
        const url = await bench.output('url')
        if (url === '') return 'deploy.sh has not told an address yet'
        const answer = await fetch(`${url}/version`, { signal: AbortSignal.timeout(5_000) })
        const { model } = (await answer.json()) as { model: { version: string } | null }
        return model?.version === '2.0.0' || `it serves ${model?.version ?? 'no model yet'}`
      },
    },
  ],
}
