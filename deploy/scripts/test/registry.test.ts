import { chmod, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { afterEach, describe, expect, test } from '@jest/globals'
import { temporaryFolders } from '@repo/testing'
import { digestOf } from '../src/registry.js'
import { path } from './env.js'
import { type RegistryOptions, startRegistry } from './registry-stand-in.js'
import { run, scripts } from './support.js'

const temporaryFolder = temporaryFolders()
const SBOM = 'application/vnd.cyclonedx+json'
const ID = `sha256:${'1'.repeat(64)}`

let stop: (() => Promise<void>) | undefined
afterEach(async () => {
  await stop?.()
  stop = undefined
})

/** A registry that holds an image, app:1. */
async function registryWithImage(options: RegistryOptions = {}) {
  const registry = await startRegistry(options)
  stop = registry.stop
  const type = 'application/vnd.docker.distribution.manifest.v2+json'
  const body = JSON.stringify({ schemaVersion: 2, mediaType: type, config: { digest: ID }, layers: [] })
  for (const reference of ['1', digestOf(body)]) registry.manifests.set(reference, { type, body })
  return { ...registry, digest: digestOf(body) }
}

async function attachSbom(host: string, { id = ID, tag = '1', auth = {}, env = {} } = {}) {
  const folder = await temporaryFolder()
  await writeFile(join(folder, 'sbom.json'), '{"bomFormat":"CycloneDX"}')
  await writeFile(join(folder, 'auth.json'), JSON.stringify(auth))
  return await run(
    ['node', join(scripts, 'src/attach-sbom.js'), host, 'app', tag, id, join(folder, 'sbom.json')],
    {
      REGISTRY_PLAIN_HTTP: 'true',
      REGISTRY_AUTH_FILE: join(folder, 'auth.json'),
      ...env,
    },
  )
}

describe('attach-sbom.js', () => {
  test('when the registry keeps count of referrers, then the list is one, and no tag is made', async () => {
    const { host, digest, manifests, blobs } = await registryWithImage({ referrers: true })
    const result = await attachSbom(host)
    expect(result).toMatchObject({ status: 0, stdout: `${digest}\n` })
    expect([...manifests.keys()]).not.toContain(digest.replace(':', '-'))
    const attached = [...manifests.values()]
      .map(({ body }) => JSON.parse(body))
      .find(({ subject }) => subject)
    expect(attached).toMatchObject({ artifactType: SBOM, subject: { digest } })
    expect(blobs).toContain(attached.layers[0].digest)
    expect(blobs).toContain(attached.config.digest)
  })

  test('when the registry does not, then the list is under the fallback tag, once, beside what is there', async () => {
    const { host, digest, manifests } = await registryWithImage()
    const other = { mediaType: 'x', digest: `sha256:${'2'.repeat(64)}`, size: 1 }
    const type = 'application/vnd.oci.image.index.v1+json'
    const body = JSON.stringify({ schemaVersion: 2, mediaType: type, manifests: [other] })
    manifests.set(digest.replace(':', '-'), { type, body })
    await attachSbom(host)
    const { stderr } = await attachSbom(host)
    expect(stderr).toContain('fallback tag')
    const index = JSON.parse(manifests.get(digest.replace(':', '-'))?.body ?? '')
    expect(index.manifests).toHaveLength(2)
    expect(index.manifests).toMatchObject([other, { artifactType: SBOM }])
    expect(manifests.has(index.manifests[1].digest)).toBe(true)
  })

  test('when the tag holds another image, then nothing is attached and nothing printed', async () => {
    const { host, blobs } = await registryWithImage()
    const { status, stdout, stderr } = await attachSbom(host, { id: `sha256:${'3'.repeat(64)}` })
    expect(status).toBe(1)
    expect(stdout).toBe('')
    expect(stderr).toContain('somebody else has pushed to the same tag')
    expect(blobs.size).toBe(0)
  })

  test('when the registry is not there, then the error says so', async () => {
    const { status, stderr } = await attachSbom('127.0.0.1:1')
    expect(status).toBe(1)
    expect(stderr).toMatch(/^error: fetch failed: .*ECONNREFUSED|bad port/)
  })
})

describe('sign-in', () => {
  const basic = (text: string) => Buffer.from(text).toString('base64')

  test('when podman or docker login has left a password, then it buys a token', async () => {
    const { host, digest } = await registryWithImage({
      signIn: (authorization, form) =>
        authorization === `Basic ${basic('me:pass:word')}` &&
        form.get('scope') === 'repository:app:pull,push',
    })
    const result = await attachSbom(host, { auth: { auths: { [host]: { auth: basic('me:pass:word') } } } })
    expect(result).toMatchObject({ status: 0, stdout: `${digest}\n` })
  })

  test('when az acr login has left an identity token, then that buys one', async () => {
    const { host } = await registryWithImage({
      signIn: (_, form) =>
        form.get('grant_type') === 'refresh_token' && form.get('refresh_token') === 'identity',
    })
    const entry = { auth: basic('00000000-0000-0000-0000-000000000000:'), identitytoken: 'identity' }
    expect(await attachSbom(host, { auth: { auths: { [host]: entry } } })).toMatchObject({ status: 0 })
  })

  test('when a credential helper keeps the password, then it is asked', async () => {
    const { host } = await registryWithImage({
      signIn: (authorization) => authorization === `Basic ${basic('me:secret')}`,
    })
    const folder = await temporaryFolder()
    const helper = join(folder, 'docker-credential-test')
    await writeFile(
      helper,
      `#!/bin/sh\n[ "$(cat)" = ${host} ] && echo '{"Username":"me","Secret":"secret"}'\n`,
    )
    await chmod(helper, 0o755)
    const PATH = [folder, path].join(delimiter)
    const result = await attachSbom(host, {
      auth: { auths: { [host]: {} }, credsStore: 'test' },
      env: { PATH },
    })
    expect(result).toMatchObject({ status: 0 })
  })

  test('when nobody has signed in, then the error says what to do, and shows no secret', async () => {
    const { host } = await registryWithImage({ signIn: () => false })
    const { status, stderr } = await attachSbom(host, {
      auth: { auths: { [host]: { auth: basic('me:secret') } } },
    })
    expect(status).toBe(1)
    expect(stderr).toMatch(/401/)
    expect(stderr).not.toContain('secret')
  })
})
