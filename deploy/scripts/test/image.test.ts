/** The image for real: only in npm run test:long, since it takes minutes, and where a container engine answers. */

import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { appendFile, cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { temporaryFolders } from '@repo/testing'
import { processEnv } from './env.js'
import { has, type Ran, root, runWith } from './support.js'

const temporaryFolder = temporaryFolders()
const ENGINE_MISSING = !has('podman') && !has('docker')
const skipped = ENGINE_MISSING ? 'no container engine' : undefined
const BUDGET_BYTES = 130_000_000
const bundle = (version: string) => join(root, 'packages/sample-model/bundles/fashion-mnist', version)

;(skipped ? describe.skip : describe)(`the image${skipped ? ` [skipped: ${skipped}]` : ''}`, () => {
  /** A clone, whose sources a test may change. */
  let clone: string
  let out: string
  let base: Record<string, string> = {}

  /** Runs a script of the clone. */
  const script = (name: string, env: Record<string, string> = {}) =>
    runWith(['bash', join(clone, name)], {
      ...processEnv,
      OUT_DIR: out,
      IMAGE: 'localhost/image-test:1',
      ...base,
      ...env,
    })

  const build = async (version: string, env: Record<string, string> = {}) => {
    const built = await script('deploy/scripts/image-build.sh', { MODEL_DIR: bundle(version), ...env })
    if (built.status !== 0) throw new Error(built.stderr)
    return await layers()
  }

  const layers = async () => {
    const lines = (await readFile(join(out, 'layers.txt'), 'utf8')).trim().split('\n')
    return Object.fromEntries(
      lines.map((line) => {
        const [name = '', bytes, digest] = line.split(' ')
        return [name, { bytes: Number(bytes), digest }]
      }),
    )
  }

  const outputs = async () =>
    Object.fromEntries(
      (await readFile(join(out, 'outputs.env'), 'utf8'))
        .trim()
        .split('\n')
        .map((line) => line.split(/=(.*)/s).slice(0, 2)),
    )

  const container = (command: string): Promise<Ran> =>
    runWith(['bash', '-c', `set -euo pipefail; cd ${clone}; . deploy/scripts/lib.sh; ${command}`], {
      ...processEnv,
      ...base,
      OUT_DIR: out,
    })

  let first: Awaited<ReturnType<typeof layers>>

  beforeAll(async () => {
    const folder = await temporaryFolder()
    clone = join(folder, 'clone')
    out = join(folder, 'out')
    await mkdir(out)
    await runWith(['git', 'clone', '--quiet', '--no-hardlinks', root, clone], processEnv)
    const image = /^ARG NODE_IMAGE=(.*)$/m.exec(
      readFileSync(join(clone, 'apps/inference/Dockerfile'), 'utf8'),
    )?.[1]
    const { NODE_IMAGE, NODE_BUILD_IMAGE = NODE_IMAGE } = processEnv
    if (NODE_IMAGE !== undefined && NODE_BUILD_IMAGE !== undefined) {
      base = { NODE_IMAGE, NODE_BUILD_IMAGE }
    } else if ((await container(`container pull --quiet ${image}`)).status !== 0) {
      const { status, stdout, stderr } = await script('deploy/local/base-image/base-image.sh')
      if (status !== 0) throw new Error(stderr)
      base = Object.fromEntries(
        [...stdout.matchAll(/(NODE\w+)=(\S+)/g)].map(([, name, value]) => [name, value]),
      )
    }
    first = await build('1.0.0')
  }, 1_200_000)

  afterAll(() => container('container rmi --force localhost/image-test:1 || true'))

  test('when everything but the model is weighed, then it is at most 130 MB', () => {
    expect(first.dependencies!.bytes + first.app!.bytes).toBeGreaterThan(0)
    expect(first.dependencies!.bytes + first.app!.bytes).toBeLessThanOrEqual(BUDGET_BYTES)
  })

  test('when a commit and a model are built again from nothing, then the layers are equal', async () => {
    const sbom = await readFile(join(out, 'sbom.cdx.json'), 'utf8')
    expect(await build('1.0.0', { BUILD_FLAGS: '--no-cache' })).toEqual(first)
    expect(await readFile(join(out, 'sbom.cdx.json'), 'utf8')).toBe(sbom)
  }, 900_000)

  test('when the model is new, then only its layer is', async () => {
    const { model, ...others } = await build('2.0.0')
    expect(others).toEqual({ dependencies: first.dependencies, app: first.app })
    expect(model).not.toEqual(first.model)
  }, 900_000)

  test('when the code is new, then only its layer is', async () => {
    await appendFile(join(clone, 'apps/inference/src/routes/home.ts'), '\nexport const changed = true\n')
    const { app, ...others } = await build('1.0.0')
    expect(others).toEqual({ dependencies: first.dependencies, model: first.model })
    expect(app).not.toEqual(first.app)
  }, 900_000)

  test('when there is no model, then the build fails and says what to do', async () => {
    const bases = Object.entries(base).map(([name, value]) => `--build-arg ${name}=${value}`)
    // As image-build.sh has it, or nothing of the builds before could be used again.
    const { status, stdout, stderr } = await container(`
      flags=(${bases.join(' ')} \${NODE_EXTRA_CA_CERTS:+--secret "id=ca,src=$NODE_EXTRA_CA_CERTS"})
      if [[ $(engine) == podman ]]; then
        podman_flags ${base.NODE_IMAGE ?? '"$(sed -n s/^ARG.NODE_IMAGE=//p apps/inference/Dockerfile)"'}
        flags+=(--format docker --layers --timestamp 0)
      fi
      container build "\${flags[@]}" -f apps/inference/Dockerfile .`)
    expect(status).not.toBe(0)
    expect(stdout + stderr).toContain('There is no model. Give the folder of one: --build-context model=')
  }, 900_000)

  test('when the model is not what its manifest says, then the build fails', async () => {
    const folder = join(await temporaryFolder(), 'model')
    await cp(bundle('1.0.0'), folder, { recursive: true })
    await appendFile(join(folder, 'model.onnx'), 'x')
    await expect(build('1.0.0', { MODEL_DIR: folder })).rejects.toThrow(
      /model\.onnx is not the file that model\.json describes/,
    )
  }, 900_000)

  test('when it is tested, then it passes every check; with another model’s samples, it does not', async () => {
    await build('1.0.0')
    const passed = await script('deploy/scripts/image-test.sh', { MODEL_DIR: bundle('1.0.0') })
    expect(passed).toMatchObject({ status: 0 })
    expect(await readFile(join(out, 'image-test.xml'), 'utf8')).not.toContain('<failure')

    const folder = join(await temporaryFolder(), 'model')
    await cp(bundle('1.0.0'), folder, { recursive: true })
    const manifest = JSON.parse(await readFile(join(folder, 'model.json'), 'utf8'))
    for (const sample of manifest.samples) sample.label = 'Teapot'
    await writeFile(join(folder, 'model.json'), JSON.stringify(manifest))
    const failed = await script('deploy/scripts/image-test.sh', { MODEL_DIR: folder })
    expect(failed.status).toBe(1)
    expect(failed.stdout).toMatch(/✖ when the golden samples are scored/)
  }, 900_000)

  const noRegistry = !has('docker-registry')
  const title = `a registry${noRegistry ? ' [skipped: docker-registry is not installed]' : ''}`
  ;(noRegistry ? describe.skip : describe)(title, () => {
    let registry: ChildProcess
    let host: string

    beforeAll(async () => {
      const folder = await temporaryFolder()
      host = `127.0.0.1:${await freePort()}`
      const config = {
        version: '0.1',
        storage: { filesystem: { rootdirectory: folder } },
        http: { addr: host },
      }
      await writeFile(join(folder, 'config.json'), JSON.stringify(config))
      registry = spawn('docker-registry', ['serve', join(folder, 'config.json')], { stdio: 'ignore' })
      while (!(await fetch(`http://${host}/v2/`).catch(() => undefined))?.ok) {
        if (registry.exitCode !== null) throw new Error('docker-registry ended')
      }
    })
    afterAll(() => {
      registry?.kill()
    })

    test('when it is pushed, then the registry has it by that digest, and its list of parts beside it', async () => {
      const env = { REGISTRY: host, REGISTRY_PLAIN_HTTP: 'true', REPOSITORY: 'team/inference' }
      const { status, stderr } = await script('deploy/scripts/image-push.sh', env)
      expect(stderr).toContain('attached the list of parts')
      expect(status).toBe(0)
      const { imageRepository, imageDigest } = await outputs()
      expect(imageRepository).toBe(`${host}/team/inference`)
      const get = async (path: string, accept = '*/*') =>
        await fetch(`http://${host}/v2/team/inference/${path}`, { headers: { accept } })
      const image = await get(
        `manifests/${imageDigest}`,
        'application/vnd.docker.distribution.manifest.v2+json',
      )
      expect(image.headers.get('docker-content-digest')).toBe(imageDigest)
      const index = await get(
        `manifests/${imageDigest.replace(':', '-')}`,
        'application/vnd.oci.image.index.v1+json',
      )
      const [entry] = JSON.parse(await index.text()).manifests
      const referrer = await get(`manifests/${entry.digest}`, entry.mediaType)
      const { subject, layers: files } = JSON.parse(await referrer.text())
      expect(subject.digest).toBe(imageDigest)
      const sbom = await readFile(join(out, 'sbom.cdx.json'), 'utf8')
      expect(await (await get(`blobs/${files[0].digest}`)).text()).toBe(sbom)
      await container(
        `container rmi ${host}/team/inference:${(await container('git rev-parse HEAD')).stdout.slice(0, 12)}`,
      )
    }, 300_000)
  })
})

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer()
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}
