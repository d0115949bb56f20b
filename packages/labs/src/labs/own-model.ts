import { readFile } from 'node:fs/promises'
import { readBundle, verifyBundle } from '@repo/model-bundle'
import type { Lab } from '../lab.js'

const NAME = 'my-clothes'

export const ownModel: Lab = {
  title: 'Put your own model in',
  async start(bench) {
    await bench.freshStore(2)
    return `The store ${bench.store.url} holds fashion-mnist. Your model comes beside it.`
  },
  checks: [
    {
      what: 'the bundle .local/lab/mine is intact and has at least 3 samples',
      hint: 'npx --no model init, with --sample <file>=<label> for each sample',
      async look(bench) {
        const { manifest } = await verifyBundle(bench.path('mine'))
        return manifest.samples.length >= 3 || `it has ${manifest.samples.length} samples`
      },
    },
    {
      what: `it is published as ${NAME}`,
      hint: 'npx --no model publish .local/lab/mine',
      async look(bench) {
        return (await bench.store.head(`${NAME}/latest.json`)) !== undefined || `the store has no ${NAME}`
      },
    },
    {
      what: 'the app serves it',
      hint: `npm start -- --store <the store> --name ${NAME}`,
      async look(bench) {
        const { model } = JSON.parse((await bench.ask('/version')).text)
        return model?.name === NAME || `it serves ${model?.name ?? 'no model yet'}`
      },
    },
    {
      what: 'and gives each of its samples the right label',
      hint: 'the manifest has to say how the model was trained: look at "scale", "mean" and "std"',
      async look(bench) {
        const { folder, manifest } = await readBundle(bench.path('mine'))
        for (const { file, label } of manifest.samples) {
          const body = await readFile(`${folder}/${file}`)
          const headers = { 'content-type': 'image/png' }
          const { text } = await bench.ask('/score', { method: 'POST', headers, body })
          const best = JSON.parse(text).result?.[0]?.[0]?.[0]?.[0]
          if (best !== label) return `${file} is ${label}, and gets ${best}`
        }
        return true
      },
    },
  ],
}
