/** What the scripts that change a release do when things go wrong. That they work is shown by npm run e2e, on a cluster. */
import { existsSync } from 'node:fs'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from '@jest/globals'
import { temporaryFolders } from '@repo/testing'
import { type Ran, run, scripts } from './support.js'

const temporaryFolder = temporaryFolders()
const DIGEST = `sha256:${'a'.repeat(64)}`
const IMAGE = { IMAGE_REPOSITORY: 'registry.example.com/inference', IMAGE_DIGEST: DIGEST }
const RUNNING = { image: { repository: 'old', digest: 'sha256:0' }, canary: { enabled: false } }
let folder = ''

/** helm and kubectl: they answer with files of the folder and fail at what `failing` names. */
const FAKE = `#!/usr/bin/env bash
cd "$(dirname "$0")"
shift 2
echo "$*" >>calls
if grep -qx -- "$1" failing; then echo "$1 failed on purpose" >&2; exit 1; fi
case $1 in
  history) [[ -s history ]] && cat history || { echo 'Error: release: not found' >&2; exit 1; } ;;
  upgrade) [[ ! -s after ]] || mv after history ;;
  get) if [[ $2 == values ]]; then cat values; elif [[ $2 == manifest ]]; then cat "manifest-$5"
    elif [[ $2 == nodes ]]; then echo 172.18.0.2; elif [[ -f objects ]]; then cat objects; else echo '{"items": []}'; fi ;;
esac
`
const revisions = (...statuses: string[]) =>
  JSON.stringify(statuses.map((status, index) => ({ revision: index + 1, status })))

beforeEach(async () => {
  folder = await temporaryFolder()
  for (const name of ['helm', 'kubectl']) {
    await writeFile(join(folder, name), FAKE)
    await chmod(join(folder, name), 0o755)
  }
  const files = { calls: '', failing: '', history: '', values: JSON.stringify(RUNNING) }
  for (const [name, text] of Object.entries({ ...files, 'manifest-1': '', 'manifest-2': '' }))
    await put(name, text)
})

const put = async (name: string, text: string) => await writeFile(join(folder, name), text)
/** Calls of helm that change something. */
const changes = async () =>
  (await readFile(join(folder, 'calls'), 'utf8'))
    .split('\n')
    .filter((call) => /^(upgrade|rollback|uninstall)/.test(call))

async function script(name: string, environment: Record<string, string> = {}): Promise<Ran> {
  const tools = { HELM: join(folder, 'helm'), KUBECTL: join(folder, 'kubectl') }
  return await run([join(scripts, name)], {
    ...{ ...tools, OUT_DIR: folder, NAMESPACE: 'ns', CHART: 'chart.tgz' },
    ...environment,
  })
}

describe('revision.sh', () => {
  test('when the cluster does not answer, then that is no release without a revision', async () => {
    await put('failing', 'history')
    const { status } = await script('revision.sh')
    expect(status).toBe(1)
    expect(existsSync(join(folder, 'outputs.env'))).toBe(false)
  })

  test.each([
    ['nothing is deployed', '', ''],
    ['a revision serves', revisions('superseded', 'deployed', 'failed'), '2'],
  ])('when %s, then it is told', async (_what, history, revision) => {
    await put('history', history)
    expect(await script('revision.sh')).toMatchObject({ status: 0 })
    expect(await readFile(join(folder, 'outputs.env'), 'utf8')).toBe(`previousRevision=${revision}\n`)
  })
})

describe('deploy.sh', () => {
  test('when the first installation was killed, then the way out is named', async () => {
    await put('history', revisions('pending-install'))
    const { status, stderr } = await script('deploy.sh', IMAGE)
    expect(status).toBe(1)
    expect(stderr).toContain('helm uninstall inference -n ns, then try again')
  })

  test('when values files are in a folder of their own, then they are taken from there', async () => {
    await put('after', revisions('deployed'))
    const values = { VALUES_FILES: 'one.yaml two.yaml', VALUES_DIR: '/release' }
    await script('deploy.sh', { ...IMAGE, ...values })
    expect((await changes())[0]).toContain('--values /release/one.yaml --values /release/two.yaml')
  })

  test('when the cluster does not answer, then nothing is installed or taken away', async () => {
    await put('failing', 'history')
    const { status, stderr } = await script('deploy.sh', IMAGE)
    expect(status).toBe(1)
    expect(stderr).toContain('history failed on purpose')
    expect(await changes()).toEqual([])
  })

  test('when all goes well, then the image is deployed by digest, and what changed is told without secrets', async () => {
    await put('history', revisions('deployed'))
    await put('after', revisions('superseded', 'deployed'))
    await put('manifest-1', 'kind: Deployment\nimage: old\n---\nkind: Secret\nkey: geheim1\n')
    await put('manifest-2', 'kind: Deployment\nimage: new\n---\nkind: Secret\nkey: geheim2\n')
    const { status, stderr } = await script('deploy.sh', IMAGE)
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr: expect.stringMatching(/-image: old\n\+image: new\n/),
    })
    expect(stderr).not.toContain('geheim')
    expect(await changes()).toEqual([
      expect.stringContaining(
        `--set image.repository=${IMAGE.IMAGE_REPOSITORY} --set image.digest=${DIGEST}`,
      ),
    ])
    expect(await readFile(join(folder, 'outputs.env'), 'utf8')).toContain('revision=2\n')
  })

  for (const failing of ['upgrade', 'test']) {
    test(`when helm ${failing} fails, then the old revision is put back`, async () => {
      await put('history', revisions('superseded', 'deployed'))
      // A failed upgrade leaves a revision too.
      if (failing === 'upgrade')
        await writeFile(
          join(folder, 'helm'),
          FAKE.replace('if grep', '[[ $1 != upgrade ]] || cat after >history; if grep'),
        )
      await put('after', revisions('superseded', 'deployed', failing === 'upgrade' ? 'failed' : 'deployed'))
      await put('failing', failing)
      const { status, stderr } = await script('deploy.sh', IMAGE)
      expect({ status, stderr }).toEqual({
        status: 1,
        stderr: expect.stringContaining('is back on revision 2'),
      })
      expect((await changes()).slice(1)).toEqual([expect.stringMatching(/^rollback inference 2 --wait/)])
    })
  }

  test('when helm refuses before it changes anything, then nothing is put back', async () => {
    await put('history', revisions('deployed'))
    await put('failing', 'upgrade')
    const { status, stderr } = await script('deploy.sh', IMAGE)
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining('nothing was changed') })
    expect(await changes()).toHaveLength(1)
  })

  test('when the first installation fails its test, then it is taken away again', async () => {
    await put('after', revisions('deployed'))
    await put('failing', 'test')
    expect((await script('deploy.sh', IMAGE)).status).not.toBe(0)
    expect((await changes()).at(-1)).toMatch(/^uninstall inference/)
  })

  test('when another deployment is under way, then it is left alone', async () => {
    await put('history', revisions('deployed', 'pending-upgrade'))
    const { status, stderr } = await script('deploy.sh', IMAGE)
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining('under way') })
    expect(await changes()).toEqual([])
  })

  test.each([
    [{}, 'http://172.18.0.2:30081'],
    [{ NODE_ADDRESS: '127.0.0.1' }, 'http://127.0.0.1:30081'],
  ])(
    'when the Service is a NodePort and %j is given, then the release is at %s',
    async (environment, url) => {
      await put('history', revisions('deployed'))
      const labels = { 'app.kubernetes.io/component': 'server' }
      const spec = { type: 'NodePort', ports: [{ port: 80, nodePort: 30081 }] }
      await put(
        'objects',
        JSON.stringify({ items: [{ kind: 'Service', metadata: { labels }, spec, status: {} }] }),
      )
      expect((await script('deploy.sh', { ...IMAGE, ...environment })).status).toBe(0)
      expect(await readFile(join(folder, 'outputs.env'), 'utf8')).toContain(`url=${url}\n`)
    },
  )

  test('when it is a canary, then the stable image stays', async () => {
    await put('history', revisions('deployed'))
    await put('after', revisions('superseded', 'deployed'))
    await script('deploy.sh', { ...IMAGE, CANARY: '25' })
    expect((await changes())[0]).toContain(
      `--set image.repository=old --set image.digest=sha256:0 --set canary.enabled=true --set canary.weight=25 ` +
        `--set canary.image.repository=${IMAGE.IMAGE_REPOSITORY} --set canary.image.digest=${DIGEST}`,
    )
  })

  test.each([
    [{ IMAGE_REPOSITORY: 'r' }, 'IMAGE_REPOSITORY without IMAGE_DIGEST'],
    [{ IMAGE_REPOSITORY: 'r', IMAGE_DIGEST: 'latest' }, 'IMAGE_DIGEST must be sha256:'],
    [{ CANARY: '25' }, 'needs IMAGE_REPOSITORY IMAGE_DIGEST'],
    [{ NAMESPACE: '' }, 'needs NAMESPACE'],
    [{ HELM: 'no-such-helm' }, 'no-such-helm is not installed'],
  ])('when it is called with %j, then it says what is wrong', async (environment, message) => {
    await put('history', revisions('deployed'))
    const { status, stderr } = await script('deploy.sh', environment as Record<string, string>)
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining(message) })
    expect(await changes()).toEqual([])
  })
})

describe('rollback.sh and promote.sh', () => {
  test.each([
    ['the last good one before', revisions('superseded', 'failed', 'deployed'), 1],
    [
      'the one that serves, after a killed deployment',
      revisions('superseded', 'deployed', 'pending-upgrade'),
      2,
    ],
  ])('when no revision is named, then rollback.sh takes %s', async (_, history, revision) => {
    await put('history', history)
    for (const name of ['manifest-3', 'manifest-4']) await put(name, '')
    expect((await script('rollback.sh')).status).toBe(0)
    expect(await changes()).toEqual([expect.stringMatching(new RegExp(`^rollback inference ${revision} `))])
  })

  test('when there is nothing to go back to, then rollback.sh says so', async () => {
    await put('history', revisions('deployed'))
    expect((await script('rollback.sh')).stderr).toContain('no earlier good revision')
  })

  test('when there is no canary, then promote.sh says so', async () => {
    await put('history', revisions('deployed'))
    expect((await script('promote.sh')).stderr).toContain('has no canary')
    expect(await changes()).toEqual([])
  })
})

describe('release-manifest.sh', () => {
  const outputs =
    `modelName=m\nmodelVersion=1.0.0\nmodelSha256=abc\nimageRepository=r/i\nimageDigest=${DIGEST}\n` +
    'chartFile=c.tgz\nchartVersion=1.2.3\nchartDigest=sha256:1\nchartRef=oci://r/helm/inference\n'

  test('when every step has run, then the release is in one file', async () => {
    await put('outputs.env', outputs)
    const { status, stderr } = await script('release-manifest.sh', { COMMIT: 'c0ffee', APP_VERSION: '9.9.9' })
    expect({ status, stderr }).toEqual({ status: 0, stderr: expect.any(String) })
    expect(JSON.parse(await readFile(join(folder, 'release.json'), 'utf8'))).toEqual({
      schemaVersion: 1,
      createdAt: expect.stringMatching(/^\d{4}-/),
      commit: 'c0ffee',
      app: { version: '9.9.9' },
      model: { name: 'm', version: '1.0.0', sha256: 'abc' },
      image: { repository: 'r/i', digest: DIGEST },
      chart: { ref: 'oci://r/helm/inference', version: '1.2.3', digest: 'sha256:1', file: 'c.tgz' },
    })
  })

  test('when a step is missing, then it names what is', async () => {
    await put('outputs.env', outputs.replace(/imageDigest.*\n/, ''))
    expect((await script('release-manifest.sh', { COMMIT: 'c' })).stderr).toContain('imageDigest is missing')
  })
})
