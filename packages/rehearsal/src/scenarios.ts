import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeManifest } from '@repo/model-bundle'
import { sampleBundles } from '@repo/sample-model'
import type { Edit } from './tasks/checkout.js'

/** Something that happens, and where the pipelines have to stop because of it. */
export interface Scenario {
  /** push, where it is not given. */
  event?: string
  /** Which schedule's time has come. */
  schedule?: string
  /** A change of the code. */
  edit?: Edit
  /** Where it begins when a whole build was good before. */
  from?: string
  /** Publishes a bundle beforehand; makes it in the given folder. */
  model?(folder: string): Promise<string>
  /** Whether service connections are used, which takes a cluster and a model store. */
  signsIn: boolean
  /** `pipeline/stage/job/step` of the first step that fails; undefined: none does. */
  stopsAt?: string
  /** How each pipeline that runs ends. */
  results: Record<string, string>
}

export const BUILD = 'inference-build'
const RELEASE = 'inference-release'
const released = { [BUILD]: 'Succeeded', [RELEASE]: 'Succeeded' }
const failed = { [BUILD]: 'Failed' }
const FAILING_TEST =
  "import { expect, test } from '@jest/globals'\n\ntest('fails on purpose', () => expect(1).toBe(2))\n"

/** In the order in which `--scenario all` plays them: each finds what those before it left. */
export const scenarios: Record<string, Scenario> = {
  'pull-request': { event: 'pr', signsIn: false, results: { [BUILD]: 'Succeeded' } },
  'failing-test': {
    edit: { file: 'packages/azurite/test/on-purpose.test.ts', replace: FAILING_TEST },
    ...{ signsIn: false, stopsAt: `${BUILD}/Verify/Test/Test`, results: failed },
  },
  push: { signsIn: true, results: released },
  'new-model': {
    ...{ event: 'model', from: 'Model', model: async () => newestModel, signsIn: true, results: released },
  },
  'model-watch': {
    // Nothing is new: one look, no build, no release.
    ...{ event: 'schedule', schedule: 'Model watch', signsIn: true, results: { [BUILD]: 'Succeeded' } },
  },
  'bad-model': {
    ...{ event: 'model', from: 'Model', model: mislabelled, signsIn: true },
    ...{ stopsAt: `${BUILD}/Model/Pull/Quality gate`, results: failed },
  },
  'broken-image': {
    from: 'Image',
    edit: {
      file: 'apps/inference/Dockerfile',
      find: 'ENTRYPOINT ["node"]',
      replace: 'ENTRYPOINT ["/bin/false"]',
    },
    ...{ signsIn: true, stopsAt: `${BUILD}/Image/Build/Test the running container`, results: failed },
  },
  'failing-smoke-test': {
    from: 'Image',
    edit: {
      file: 'deploy/scripts/smoke.sh',
      ...{ find: "expect 'GET /' Healthy", replace: "expect 'GET /' Otherwise" },
    },
    ...{ signsIn: true, stopsAt: `${RELEASE}/Dev/Deploy/Smoke test from outside` },
    results: { [BUILD]: 'Succeeded', [RELEASE]: 'Failed' },
  },
}

export const newestModel = sampleBundles.at(-1) ?? ''

/** A model whose files are all intact, and whose answers are wrong. */
async function mislabelled(folder: string): Promise<string> {
  const target = join(folder, 'mislabelled')
  await cp(newestModel, target, { recursive: true })
  const labels = join(target, 'labels.txt')
  await writeFile(labels, `${(await readFile(labels, 'utf8')).trim().split('\n').reverse().join('\n')}\n`)
  // What it lists is looked at anew.
  const { files: _, ...manifest } = JSON.parse(await readFile(join(target, 'model.json'), 'utf8'))
  await writeManifest(target, { ...manifest, version: '3.0.0' })
  return target
}
