import { readFile } from 'node:fs/promises'
import type { Lab } from '../lab.js'
import type { Workbench } from '../workbench.js'
import { type ImageNumber, imageName, inspect } from './images.js'

function holdsModel(number: ImageNumber) {
  return async (bench: Workbench) => {
    const { labels } = await inspect(bench, number).catch(() => {
      throw new Error(`there is no image ${imageName(number)}`)
    })
    const version = labels['model.version']
    return version === `${number}.0.0` || `it carries model ${version}`
  }
}

export const container: Lab = {
  title: 'The container',
  async start(bench) {
    for (const name of [imageName(1), imageName(2)])
      await bench.engine('rmi', '--force', name).catch(() => {})
    await bench.freshStore(2)
    return `The store ${bench.store.url} holds fashion-mnist 1.0.0 and 2.0.0.`
  },
  checks: [
    {
      what: 'inference:lab-1 carries model 1.0.0',
      hint: 'model-pull.sh with MODEL_VERSION=1.0.0, then image-build.sh with IMAGE=inference:lab-1',
      look: holdsModel(1),
    },
    {
      what: 'it passed the test of the running container',
      hint: 'image-test.sh, with OUT_DIR=.local/lab/out',
      async look(bench) {
        const report = await readFile(bench.path('out/image-test.xml'), 'utf8').catch(() => '')
        if (report === '') return 'there is no report .local/lab/out/image-test.xml'
        return !/<(failure|error)/.test(report) || 'the report tells of failures'
      },
    },
    {
      what: 'inference:lab-2 carries model 2.0.0',
      hint: 'the same with MODEL_VERSION=2.0.0 and IMAGE=inference:lab-2',
      look: holdsModel(2),
    },
    {
      what: 'the two differ in one layer, the model',
      hint: 'build both from the same commit, with nothing changed in between',
      async look(bench) {
        const [one, two] = await Promise.all([inspect(bench, 1), inspect(bench, 2)])
        const other = two.layers.filter((layer) => !one.layers.includes(layer)).length
        return other === 1 || `${other} of ${two.layers.length} layers differ`
      },
    },
  ],
}
