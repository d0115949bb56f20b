import { execFile } from 'node:child_process'
import { cp, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { temporaryFolders } from '@repo/testing'
import { environmentSchema } from '../../../apps/inference/dist/env.js'
import { chart, helm, type Rendered, render } from './helpers/helm.js'
import { OPTIONS } from './helpers/options.js'
import { violations } from './helpers/restricted.js'
import { mistakes } from './helpers/strict.js'

const newFolder = temporaryFolders()
const FILES = ['values-local.yaml', 'values-staging.yaml', 'values-production.yaml']
const CASES = [
  ...Object.entries(OPTIONS).map(([name, values]) => ({ name, values, files: [] })),
  ...FILES.map((file) => ({ name: file, values: {}, files: [file] })),
]

describe.each(CASES)('with $name', ({ values, files }) => {
  let [three, four]: (Rendered | undefined)[] = []
  beforeAll(async () => {
    const versions = ['helm3', 'helm4'] as const
    ;[three, four] = await Promise.all(versions.map((name) => render({ helm: name, values, files })))
  })

  test('when Helm 3 and Helm 4 render it, then both make the same', () => {
    expect(four!.objects.length).toBeGreaterThan(3)
    expect(four!.objects).toEqual(three!.objects)
  })

  test('when its manifests are held against the Kubernetes API, then every field is known and of its type', () => {
    expect(four!.objects.flatMap(mistakes)).toEqual([])
  })

  test('when its pods are held against the restricted Pod Security Standard, then nothing is outside', () => {
    const pods = four!.objects.flatMap((object) => {
      if (object.kind === 'Deployment') return [object.spec!.template.spec!]
      return object.kind === 'Pod' ? [object.spec!] : []
    })
    expect(pods.length).toBeGreaterThan(1)
    expect(pods.flatMap(violations)).toEqual([])
    const containers = pods.flatMap(({ containers, initContainers = [] }) => [
      ...containers,
      ...initContainers,
    ])
    for (const { securityContext, resources } of containers) {
      expect(securityContext!.readOnlyRootFilesystem).toBe(true)
      expect(Object.keys(resources!)).toEqual(['limits', 'requests'])
    }
  })

  test('when its names are listed, then no object is there twice and all are in the namespace', () => {
    const names = four!.names()
    expect(new Set(names).size).toBe(names.length)
    expect(new Set(four!.objects.map(({ metadata }) => metadata!.namespace))).toEqual(new Set(['apps']))
  })
})

describe('the checks themselves', () => {
  test('when a manifest has an unknown key, a wrong type or an unknown kind, then each is found', async () => {
    const deployment = (await render()).get('Deployment')
    const spec = { ...deployment.spec, replica: 2, revisionHistoryLimit: '5' }
    expect(mistakes({ ...deployment, spec } as object)).toEqual([
      'apps/v1 Deployment.spec.revisionHistoryLimit must be number',
      'apps/v1 Deployment.spec.replica is unknown',
    ])
    expect(mistakes({ apiVersion: 'batch/v1', kind: 'Job' })).toEqual(['batch/v1 Job is unknown'])
  })

  test('when a pod is privileged, runs as root and mounts the host, then each is found', () => {
    const securityContext = { privileged: true, runAsUser: 0, capabilities: { add: ['SYS_ADMIN'] } }
    const found = violations({
      hostNetwork: true,
      volumes: [{ name: 'host', hostPath: { path: '/' } }],
      containers: [{ name: 'c', securityContext, ports: [{ containerPort: 1, hostPort: 1 }] }],
    })
    const ofContainer = 'allowPrivilegeEscalation privileged capabilities.drop capabilities.add runAsNonRoot'
    const last = 'runAsUser seccompProfile hostPort'
    const expected = `${ofContainer} ${last}`.split(' ').map((what) => `c: ${what}`)
    expect(found).toEqual(["host's namespaces", 'volume host', ...expected])
  })
})

describe('the chart', () => {
  test.each(['helm3', 'helm4'] as const)(
    'when %s lints it strictly, then it has nothing to say',
    async (name) => {
      const args = ['lint', '--strict', chart]
      const runs = [[], ...FILES].map((file) =>
        helm(name, [...args, ...[file].flat().flatMap((path) => ['-f', join(chart, path)])]),
      )
      for (const text of await Promise.all(runs)) expect(text).toContain('0 chart(s) failed')
    },
  )

  test('when it is held against Kubernetes 1.20, then it is permitted, and 1.19 is not', async () => {
    const template = (version: string) =>
      helm('helm4', ['template', 'inference', chart, '--kube-version', version])
    await expect(template('1.20.2')).resolves.toContain('kind: Deployment')
    await expect(template('1.19.0')).rejects.toThrow('incompatible with Kubernetes v1.19.0')
  })

  test("when the app's settings are compared with the chart's, then each has its place", async () => {
    const schema = JSON.parse(await readFile(join(chart, 'values.schema.json'), 'utf8'))
    // The chart sets these itself, or the image does.
    const values = { ...OPTIONS['API keys'], ...OPTIONS['model endpoint'], ...OPTIONS.digest }
    const elsewhere = (await render({ values })).app('inference-front').env!.map(({ name }) => name)
    const image = ['APP_VERSION', 'APP_COMMIT', 'HOST']
    const placed = [...Object.keys(schema.properties.config.properties), ...elsewhere, ...image]
    expect(placed.sort()).toEqual(Object.keys(environmentSchema.shape).sort())
  })

  test('when the README is made again from the values, then it is the same', async () => {
    const readme = join(await newFolder(), 'README.md')
    await cp(join(chart, 'README.md'), readme)
    const tool = createRequire(import.meta.url).resolve('@bitnami/readme-generator-for-helm/package.json')
    const bin = join(dirname(tool), 'bin/index.js')
    const values = join(chart, 'values.yaml')
    await promisify(execFile)(process.execPath, [bin, '--values', values, '--readme', readme])
    // If this fails: npm run readme -w @repo/charts
    expect(await readFile(readme, 'utf8')).toBe(await readFile(join(chart, 'README.md'), 'utf8'))
  })
})
