import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeManifest } from '@repo/model-bundle'
import { sampleBundles } from '@repo/sample-model'
import type { Event } from './options.js'
import type { Edit } from './tasks/checkout.js'

/** Something that happens, and where the pipelines have to stop because of it. */
export interface Scenario {
  event: Event
  /** Which schedule's time has come. */
  schedule?: string
  /** Changes of the code. */
  edits: Edit[]
  /** Whether it takes a cluster and a model store. */
  needsCloud: boolean
  /** Where it begins when a whole build was good before. */
  from?: string
  /** Publishes a bundle beforehand; makes it in the given folder. */
  model?(folder: string): Promise<string>
  expected: {
    exitCode: number
    /** `pipeline/stage/job/step` of the first step that fails. */
    stopsAt?: string
    /** How each pipeline that runs ends. */
    results: Record<string, string>
    /** Whether service connections are used; undefined: that depends on where it begins. */
    usesConnections?: boolean
  }
}

export const BUILD = 'inference-build'
const RELEASE = 'inference-release'
const good = { exitCode: 0, results: { [BUILD]: 'Succeeded', [RELEASE]: 'Succeeded' }, usesConnections: true }

/** In the order in which `--scenario all` plays them: each finds what those before it left. */
export const scenarios: Record<string, Scenario> = {
  'pull-request': {
    ...{ event: 'pr', edits: [], needsCloud: false },
    expected: { exitCode: 0, results: { [BUILD]: 'Succeeded' }, usesConnections: false },
  },
  'failing-test': {
    ...{ event: 'push', needsCloud: false },
    edits: [
      {
        file: 'packages/azurite/test/on-purpose.test.ts',
        replace:
          "import { expect, test } from '@jest/globals'\n\ntest('fails on purpose', () => expect(1).toBe(2))\n",
      },
    ],
    expected: {
      ...{
        exitCode: 1,
        stopsAt: `${BUILD}/Verify/Test/Test`,
        results: { [BUILD]: 'Failed' },
        usesConnections: false,
      },
    },
  },
  push: { event: 'push', edits: [], needsCloud: true, expected: good },
  'new-model': {
    ...{ event: 'model', edits: [], needsCloud: true, from: 'Model', expected: good },
    model: async () => sampleBundles.at(-1) ?? '',
  },
  'model-watch': {
    ...{ event: 'schedule', schedule: 'Model watch', edits: [], needsCloud: true },
    // Nothing is new: one look, no build, no release.
    expected: { exitCode: 0, results: { [BUILD]: 'Succeeded' }, usesConnections: true },
  },
  'bad-model': {
    ...{ event: 'model', edits: [], needsCloud: true, from: 'Model', model: mislabelled },
    expected: {
      ...{ exitCode: 1, stopsAt: `${BUILD}/Model/Pull/Quality gate`, results: { [BUILD]: 'Failed' } },
      usesConnections: true,
    },
  },
  'broken-image': {
    ...{ event: 'push', needsCloud: true, from: 'Image' },
    edits: [
      {
        file: 'apps/inference/Dockerfile',
        find: 'ENTRYPOINT ["node"]',
        replace: 'ENTRYPOINT ["/bin/false"]',
      },
    ],
    expected: {
      ...{ exitCode: 1, results: { [BUILD]: 'Failed' } },
      stopsAt: `${BUILD}/Image/Build/Test the running container`,
    },
  },
  'failing-smoke-test': {
    ...{ event: 'push', needsCloud: true, from: 'Image' },
    edits: [
      {
        file: 'deploy/scripts/smoke.sh',
        find: "expect 'GET /' Healthy",
        replace: "expect 'GET /' Otherwise",
      },
    ],
    expected: {
      ...{ exitCode: 1, stopsAt: `${RELEASE}/Dev/Deploy/Smoke test from outside` },
      ...{ results: { [BUILD]: 'Succeeded', [RELEASE]: 'Failed' }, usesConnections: true },
    },
  },
}

/** A model whose files are all intact, and whose answers are wrong. */
async function mislabelled(folder: string): Promise<string> {
  const target = join(folder, 'mislabelled')
  await cp(sampleBundles.at(-1) ?? '', target, { recursive: true })
  const labels = join(target, 'labels.txt')
  await writeFile(labels, `${(await readFile(labels, 'utf8')).trim().split('\n').reverse().join('\n')}\n`)
  const manifest = JSON.parse(await readFile(join(target, 'model.json'), 'utf8'))
  // What it lists is looked at anew.
  delete manifest.files
  await writeManifest(target, { ...manifest, version: '3.0.0' })
  return target
}
