import type { Lab } from '../lab.js'
import { deployed, freshRelease, pods } from './in-cluster.js'

export const breakIt: Lab = {
  title: 'Break it: faults, load, security',
  async start(bench) {
    if (!(await bench.store.head('fashion-mnist/2.0.0/model.json'))) await bench.freshStore(2)
    await freshRelease(bench, 2)
    return 'Three pods serve model 2.0.0. Break them.'
  },
  checks: [
    {
      what: 'callers need a key',
      hint: 'HELM_ARGS="--set apiKeys.values={<16 characters or more>}"',
      async look(bench) {
        const { values } = await deployed(bench)
        if (values.apiKeys.values.length === 0) return 'the release has no keys'
        const answer = await fetch(`${await bench.output('url')}/version`, {
          signal: AbortSignal.timeout(5_000),
        })
        return answer.status === 401 || `without a key /version answers ${answer.status}`
      },
    },
    {
      what: 'a container ended and was started again',
      hint: 'kubectl exec <a pod> -- node -e "process.kill(1)"',
      async look(bench) {
        const restarts = (await pods(bench)).reduce((sum, pod) => sum + pod.restarts, 0)
        return restarts > 0 || 'no container was started again'
      },
    },
    {
      what: 'a bad release failed, and the old one serves',
      hint: 'deploy.sh with an IMAGE_DIGEST that nobody has pushed, and TIMEOUT=30s',
      async look(bench) {
        const list = await bench.history()
        if (!list.some(({ status }) => status === 'failed')) return 'no release has failed yet'
        return list.at(-1)?.status === 'deployed' || `the last revision is ${list.at(-1)?.status}`
      },
    },
  ],
}
