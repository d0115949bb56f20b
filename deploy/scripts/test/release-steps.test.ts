import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { temporaryFolders } from '@repo/testing'
import { processEnv } from './env.js'
import { root, run, scripts } from './support.js'

const temporaryFolder = temporaryFolders()
const MODEL = join(root, 'packages/sample-model/bundles/fashion-mnist/2.0.0')
const DIGEST = `sha256:${'a'.repeat(64)}`
const script = (name: string, env: Record<string, string>) => run([join(scripts, name)], env)

/** A folder on PATH with programs that stand for those of the cloud: bash bodies by name. Each logs its arguments. */
async function programs(bodies: Record<string, string>) {
  const folder = await temporaryFolder()
  const log = join(folder, 'log')
  for (const [name, body] of Object.entries(bodies)) {
    await writeFile(join(folder, name), `#!/usr/bin/env bash\necho "${name} $*" >>"${log}"\n${body}\n`)
    await chmod(join(folder, name), 0o755)
  }
  return {
    env: { PATH: `${folder}:${processEnv.PATH}`, OUT_DIR: join(folder, 'out') },
    calls: async () => (await readFile(log, 'utf8')).trim().split('\n'),
    folder,
  }
}

const RELEASE = {
  schemaVersion: 1,
  createdAt: '2026-01-01T00:00:00Z',
  commit: 'c'.repeat(40),
  app: { version: '1.2.3' },
  model: { name: 'fashion-mnist', version: '2.0.0', sha256: 'b'.repeat(64) },
  image: { repository: 'example.azurecr.io/inference', digest: DIGEST },
  chart: { ref: '', version: '1.2.3', digest: DIGEST, file: '/somewhere/inference-1.2.3.tgz' },
}

test('when a build collects its release, then a deployment reads from it what to deploy', async () => {
  const { env } = await programs({})
  await mkdir(env.OUT_DIR, { recursive: true })
  const chart = join(env.OUT_DIR, 'inference-1.2.3.tgz')
  await writeFile(chart, 'chart')
  await writeFile(join(env.OUT_DIR, 'outputs.env'), `chartFile=${chart}\n`)
  await writeFile(join(env.OUT_DIR, 'release.json'), JSON.stringify(RELEASE))
  expect(await script('release-files.sh', { ...env, MODEL_DIR: MODEL })).toMatchObject({ status: 0 })
  const folder = join(env.OUT_DIR, 'release')
  const values = ['local', 'production', 'staging'].map((name) => `values-${name}.yaml`)
  expect((await readdir(folder)).sort()).toEqual(['inference-1.2.3.tgz', 'model', 'release.json', ...values])
  expect(await readdir(join(folder, 'model'))).toEqual(['model.json', 'samples'])

  const read = await script('release-read.sh', { OUT_DIR: join(env.OUT_DIR, 'deploy'), RELEASE_DIR: folder })
  expect(read.status).toBe(0)
  expect(await readFile(join(env.OUT_DIR, 'deploy/outputs.env'), 'utf8')).toBe(
    `commit=${RELEASE.commit}\nappVersion=1.2.3\nmodelName=fashion-mnist\nmodelVersion=2.0.0\n` +
      `modelSha256=${RELEASE.model.sha256}\nimageRepository=example.azurecr.io/inference\nimageDigest=${DIGEST}\n` +
      `chart=${join(folder, 'inference-1.2.3.tgz')}\n`,
  )
})

test.each([
  ['there is no manifest', undefined, /release.json is missing/],
  ['it has another schema', { ...RELEASE, schemaVersion: 2 }, /has schemaVersion 2, and this script reads 1/],
  [
    'the image has no digest',
    { ...RELEASE, image: { repository: 'a', digest: 'latest' } },
    /names no image by its digest/,
  ],
  [
    'it names no model',
    { ...RELEASE, model: undefined, chart: { file: 'release.json' } },
    /does not tell model.name/,
  ],
  ['the chart is not there', RELEASE, /inference-1.2.3.tgz is missing/],
])('when %s, then reading the release says so', async (_, release, message) => {
  const { env, folder } = await programs({})
  if (release) await writeFile(join(folder, 'release.json'), JSON.stringify(release))
  const { status, stderr } = await script('release-read.sh', { ...env, RELEASE_DIR: folder })
  expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringMatching(message) })
})

test('when a registry is signed in to, then the token is in no argument', async () => {
  const body = '[[ $* != *login* ]] || { read -r token && [[ $token == secret-token ]]; }'
  const { env, calls } = await programs({ az: 'echo secret-token', docker: body, helm: body })
  const { status, stderr } = await script('registry-login.sh', {
    ...env,
    REGISTRY: 'example.azurecr.io',
    CONTAINER_ENGINE: 'docker',
  })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  const user = '--username 00000000-0000-0000-0000-000000000000 --password-stdin'
  expect(await calls()).toEqual([
    'az acr login --name example --expose-token --query accessToken --output tsv',
    `docker login example.azurecr.io ${user}`,
    `helm registry login example.azurecr.io ${user}`,
  ])
})

test('when the registry speaks plain HTTP, then it gets no token', async () => {
  const { env, calls } = await programs({ az: 'echo secret-token', docker: '', helm: '' })
  const settings = { REGISTRY: '127.0.0.1:5000', REGISTRY_PLAIN_HTTP: 'true', CONTAINER_ENGINE: 'docker' }
  expect(await script('registry-login.sh', { ...env, ...settings })).toMatchObject({ status: 0 })
  expect(await calls()).toEqual([expect.stringMatching(/^az acr login/)])
})

const AKS = { RESOURCE_GROUP: 'group', AKS_CLUSTER: 'cluster', NAMESPACE: 'inference-dev' }
const az = 'touch "$KUBECONFIG"'

test('when the cluster lets us in, then the kubeconfig asks az for its tokens', async () => {
  const { env, calls, folder } = await programs({ az, kubelogin: '', kubectl: 'echo yes' })
  const kubeconfig = join(folder, 'kubeconfig')
  expect(await script('aks-login.sh', { ...env, ...AKS, KUBECONFIG: kubeconfig })).toMatchObject({
    status: 0,
  })
  expect(await calls()).toEqual([
    `az aks get-credentials --resource-group group --name cluster --file ${kubeconfig} --overwrite-existing --format exec --only-show-errors`,
    `kubelogin convert-kubeconfig --kubeconfig ${kubeconfig} --login azurecli`,
    'kubectl auth can-i create deployments.apps --namespace inference-dev',
  ])
})

test('when the role arrives between two attempts, then the login goes on', async () => {
  const kubectl = 'if [[ -f asked ]]; then echo yes; else touch asked; echo no; exit 1; fi'
  const { env, folder } = await programs({ az, kubelogin: '', kubectl: `cd "$(dirname "$0")"; ${kubectl}` })
  const KUBECONFIG = join(folder, 'kubeconfig')
  expect(await script('aks-login.sh', { ...env, ...AKS, KUBECONFIG })).toMatchObject({ status: 0 })
})

test('when the role is missing, then the login says which', async () => {
  const { env, folder } = await programs({ az, kubelogin: '', kubectl: 'echo no; exit 1' })
  const { status, stderr } = await script('aks-login.sh', {
    ...env,
    ...AKS,
    KUBECONFIG: join(folder, 'kubeconfig'),
  })
  expect({ status, stderr }).toEqual({
    status: 1,
    stderr: expect.stringContaining('Azure Kubernetes Service RBAC Writer'),
  })
})

const SCAN = { IMAGE: 'inference:test', TRIVY_VERSION: '0.69.3', CONTAINER_ENGINE: 'docker' }
const docker = 'for file; do [[ $file == *.tar ]] && touch "$file"; done; true'

test('when a critical vulnerability has a fix, then the scan fails and shows it', async () => {
  const trivy = 'if [[ $1 == --version ]]; then echo "Version: 0.69.3"; else echo CVE-2026-1; exit 1; fi'
  const { env, calls } = await programs({ docker, trivy })
  const { status, stderr } = await script('image-scan.sh', { ...env, ...SCAN })
  expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining('CVE-2026-1') })
  expect((await calls()).at(-1)).toMatch(/--severity CRITICAL --ignore-unfixed --exit-code 1/)
})

test('when the installed Trivy is another version, then the wanted one runs as a container', async () => {
  const { env, calls } = await programs({ docker, trivy: 'echo "Version: 0.1.0"' })
  expect(await script('image-scan.sh', { ...env, ...SCAN })).toMatchObject({ status: 0 })
  expect((await calls()).at(-1)).toMatch(
    /^docker run --rm .*ghcr\.io\/aquasecurity\/trivy:0\.69\.3 image --input/,
  )
})

test('when a job ends, then its summary tells what is known, and goes to the run', async () => {
  const { env, folder } = await programs({})
  await mkdir(env.OUT_DIR, { recursive: true })
  const junit = join(folder, 'junit.xml')
  await writeFile(
    junit,
    '<testcase name="a"/>\n<testcase name="b"><failure>no</failure></testcase>\n<testcase name="c"><skipped/></testcase>',
  )
  const known = {
    imageRepository: 'r/inference',
    imageDigest: DIGEST,
    imageSize: '123456789',
    modelName: 'm',
    modelVersion: '2.0.0',
  }
  const lines = Object.entries(known).map(([name, value]) => `${name}=${value}\n`)
  await writeFile(join(env.OUT_DIR, 'outputs.env'), lines.join(''))
  const { status, stdout } = await script('summary.sh', {
    ...env,
    SUMMARY_TITLE: 'Image',
    STATUS: 'Succeeded',
    COMMIT: 'abc',
    JUNIT: junit,
    MODEL_DIR: MODEL,
    TF_BUILD: 'True',
  })
  expect(status).toBe(0)
  expect(stdout).toBe(`##vso[task.uploadsummary]${join(env.OUT_DIR, 'Image.md')}\n`)
  const markdown = await readFile(join(env.OUT_DIR, 'Image.md'), 'utf8')
  expect(markdown).toContain('| Commit | `abc` |\n| Tests | 1 passed, 1 failed, 1 skipped |\n')
  expect(markdown).toContain(`| Image | \`r/inference@${DIGEST}\` |\n| Image size | 123 MB |`)
  expect(markdown).toMatch(/\| Model metrics \| top-1 [\d.]+ % of \d+ samples of /)
  expect(markdown).not.toContain('Deployed to')
})

test('when nothing is known yet, then the summary of a failed job is still written', async () => {
  const { env, folder } = await programs({})
  const page = join(folder, 'page.md')
  const settings = {
    SUMMARY_TITLE: 'Tests',
    STATUS: 'Failed',
    JUNIT: 'no-such/*.xml',
    GITHUB_STEP_SUMMARY: page,
  }
  expect(await script('summary.sh', { ...env, ...settings })).toMatchObject({ status: 0, stdout: '' })
  expect(await readFile(page, 'utf8')).toContain('| Status | Failed |')
})
