import type { Lab } from '../lab.js'
import type { ReleaseValues, Workbench } from '../workbench.js'
import { ensurePushed } from './images.js'
import { deployed, freshRelease } from './in-cluster.js'

/** Values of every revision that served, oldest first. */
async function served(bench: Workbench): Promise<ReleaseValues[]> {
  const good = (await bench.history()).filter(({ status }) => ['deployed', 'superseded'].includes(status))
  return Promise.all(good.map(({ revision }) => bench.values(revision)))
}

export const release: Lab = {
  title: 'The release pipeline, canary and rollback',
  async start(bench) {
    if (!(await bench.store.head('fashion-mnist/2.0.0/model.json'))) await bench.freshStore(2)
    await freshRelease(bench, 1)
    await ensurePushed(bench, 2)
    return 'Three pods serve model 1.0.0. The image with model 2.0.0 is in the registry.'
  },
  checks: [
    {
      what: 'the new image ran as a canary',
      hint: 'CANARY=25 deploy/scripts/deploy.sh',
      look: async (bench) =>
        (await served(bench)).some(({ canary }) => canary.enabled) || 'no revision had a canary',
    },
    {
      what: 'the canary was promoted',
      hint: 'deploy/scripts/promote.sh',
      async look(bench) {
        const list = await served(bench)
        const at = list.findIndex(({ canary }) => canary.enabled)
        const wanted = list[at]?.canary.image.digest
        const promoted = list
          .slice(at + 1)
          .some(({ image, canary }) => image.digest === wanted && !canary.enabled)
        return (at >= 0 && promoted) || 'no revision gave all traffic to the image of the canary'
      },
    },
    {
      what: 'and model 1.0.0 is back',
      hint: 'REVISION=1 deploy/scripts/rollback.sh',
      async look(bench) {
        const [first] = await served(bench)
        const { revision, values } = await deployed(bench)
        if (revision === 1) return 'the first revision has served all the time'
        return values.image.digest === first?.image.digest || `revision ${revision} serves another image`
      },
    },
  ],
}
