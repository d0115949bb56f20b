import type { Lab } from '../lab.js'

const GOOD = (status: number) => status === 200
const REFUSED = (status: number) => status >= 400 && status < 500

export const runIt: Lab = {
  title: 'Run it and score an image',
  async start() {
    return 'Nothing to prepare: npm ci has done it.'
  },
  checks: [
    {
      what: 'the app is ready',
      hint: 'npm start, in a terminal of its own',
      async look(bench) {
        const { status } = await bench.ask('/readyz')
        return status === 200 || `/readyz answers ${status}`
      },
    },
    {
      what: 'an image was scored',
      hint: 'curl -F image=@<file> <the app>/score',
      look: async (bench) => (await bench.answered('/score', GOOD)) > 0 || 'no good answer of /score yet',
    },
    {
      what: 'something that is no image was refused',
      hint: 'send any text file to /score and read the answer',
      look: async (bench) => (await bench.answered('/score', REFUSED)) > 0 || 'nothing was refused yet',
    },
    {
      what: 'the Open Inference Protocol was used',
      hint: 'npx --no oip-conformance <the app>',
      async look(bench) {
        const count = await bench.answered('/v2/models/:model/infer', GOOD)
        return count > 0 || 'no good answer of /v2/models/:model/infer yet'
      },
    },
  ],
}
