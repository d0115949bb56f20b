import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { chmod, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:https'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { temporaryFolders } from '@repo/testing'
import { writeBundle } from './helpers/bundles.js'

const temporaryFolder = temporaryFolders()
const library = new URL('../dist/index.js', import.meta.url).href
const KEY = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=='
const TENANT = '11111111-1111-1111-1111-111111111111'
const GOOD = { audience: 'https://storage.azure.com', lifeSeconds: 3600 }

let azurite: ChildProcess
let entra: Server
let common: Record<string, string>
let folder: string
let bundle: string
let authority: string
/** What the token endpoint gives next, and what it was asked. */
let token = GOOD
let asked: string[] = []

function jwt({ audience, lifeSeconds }: typeof GOOD): string {
  const now = Math.floor(Date.now() / 1000)
  const times = { iat: now - 7200, nbf: now - 7200, exp: now + lifeSeconds }
  const claims = { ...times, aud: audience, iss: `https://sts.windows.net/${TENANT}/`, oid: TENANT }
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({ alg: 'RS256', typ: 'JWT' })}.${part(claims)}.c2lnbmF0dXJl`
}

beforeAll(async () => {
  folder = await temporaryFolder()
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2']
  const pair = ['-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert]
  execFileSync('openssl', ['req', '-x509', ...pair, ...subject], { stdio: 'ignore' })
  const require = createRequire(createRequire(import.meta.url).resolve('@repo/azurite'))
  const main = join(dirname(require.resolve('azurite/package.json')), 'dist/src/blob/main.js')
  const options = ['--oauth', 'basic', '--cert', cert, '--key', key, '--inMemoryPersistence']
  azurite = spawn(
    process.execPath,
    [main, '--blobPort', '0', '--skipApiVersionCheck', '--disableTelemetry', ...options],
    { stdio: ['ignore', 'pipe', 'inherit'], cwd: folder },
  )
  let printed = ''
  await new Promise<void>((resolve) => {
    azurite.stdout?.on('data', (chunk) => {
      printed += chunk
      if (/https:\/\/127\.0\.0\.1:\d+/.test(printed)) resolve()
    })
  })
  const port = /https:\/\/127\.0\.0\.1:(\d+)/.exec(printed)?.[1]

  entra = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    asked.push(`${request.url} ${body}`)
    const at = `${authority}/${TENANT}`
    const answer = request.url?.includes('openid-configuration')
      ? {
          issuer: `${at}/v2.0`,
          jwks_uri: `${at}/keys`,
          authorization_endpoint: `${at}/authorize`,
          token_endpoint: `${at}/oauth2/v2.0/token`,
        }
      : request.url?.startsWith('/oidc')
        ? { oidcToken: 'token-of-the-pipeline' }
        : { token_type: 'Bearer', expires_in: 3600, access_token: jwt(token) }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
  }).listen(0, '127.0.0.1')
  await once(entra, 'listening')
  authority = `https://127.0.0.1:${(entra.address() as AddressInfo).port}`
  const endpoint = `https://127.0.0.1:${port}/devstoreaccount1`
  common = {
    NODE_EXTRA_CA_CERTS: cert,
    MODEL_STORE_AZURE_ENDPOINT: endpoint,
    AZURE_AUTHORITY_HOST: authority,
  }
  bundle = await temporaryFolder()
  await writeBundle(bundle)
  const { failure } = await publish(
    { AZURE_STORAGE_CONNECTION_STRING: `AccountName=devstoreaccount1;AccountKey=${KEY}` },
    'connection-string',
    true,
  )
  expect(failure).toBeUndefined()
}, 60_000)

afterAll(async () => {
  if (azurite.exitCode === null) {
    const ended = once(azurite, 'exit')
    azurite.kill('SIGTERM')
    await ended
  }
  entra.closeAllConnections()
  entra.close()
})

/** Publishes from a process of its own, which trusts the certificate and sees nothing but this environment. */
async function publish(env: Record<string, string>, auth = 'auto', createContainer = false) {
  asked = []
  const script = `
    import { openStore, publishModel, promoteModel } from ${JSON.stringify(library)}
    try {
      const store = openStore('https://devstoreaccount1.blob.core.windows.net/models', { auth: ${JSON.stringify(auth)}, retry: { tries: 1 } })
      store.cloud.place.createContainer = ${createContainer}
      const { version } = await publishModel(store, ${JSON.stringify(bundle)})
      console.log(JSON.stringify({ auth: store.auth, version }))
    } catch (error) {
      console.log(JSON.stringify({ failure: { code: error.code, message: error.message } }))
    }`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    env: { PATH: folder, ...common, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let printed = ''
  for await (const chunk of child.stdout) printed += chunk
  return JSON.parse(printed)
}

const pipeline = () => ({
  AZURESUBSCRIPTION_CLIENT_ID: 'client-of-the-pipeline',
  AZURESUBSCRIPTION_TENANT_ID: TENANT,
  AZURESUBSCRIPTION_SERVICE_CONNECTION_ID: 'connection',
  SYSTEM_ACCESSTOKEN: 'access',
  SYSTEM_OIDCREQUESTURI: `${authority}/oidc`,
})

async function pod() {
  const file = join(folder, 'federated-token')
  await writeFile(file, 'token-of-the-pod')
  return { AZURE_FEDERATED_TOKEN_FILE: file, AZURE_CLIENT_ID: 'client-of-the-pod', AZURE_TENANT_ID: TENANT }
}

/** An `az` that gives out a token. */
async function laptop() {
  const bin = await temporaryFolder()
  const answer = {
    accessToken: jwt(token),
    expires_on: Math.floor(Date.now() / 1000) + 3600,
    expiresOn: '2099-01-01',
    tokenType: 'Bearer',
  }
  await writeFile(join(bin, 'az'), `#!/bin/sh\necho '${JSON.stringify(answer)}'\n`)
  await chmod(join(bin, 'az'), 0o755)
  return { PATH: `${bin}:/usr/bin:/bin` }
}

test('when it runs in a pipeline, then auto signs in with the service connection, without a secret', async () => {
  token = GOOD
  expect(await publish(pipeline())).toEqual({ auth: 'pipelines', version: '1.0.0' })
  expect(asked.join('\n')).toMatch(/\/oidc.*serviceConnectionId=connection/)
  expect(asked.join('\n')).toMatch(/client_assertion=token-of-the-pipeline/)
  expect(asked.join('\n')).not.toMatch(/client_secret/)
})

test('when it runs in a pod, then auto signs in with its federated token', async () => {
  token = GOOD
  expect(await publish(await pod())).toEqual({ auth: 'workload-identity', version: '1.0.0' })
  expect(asked.join('\n')).toMatch(/client_assertion=token-of-the-pod/)
})

test('when it runs on a laptop, then auto takes the login of the Azure CLI', async () => {
  token = GOOD
  expect(await publish(await laptop())).toEqual({ auth: 'cli', version: '1.0.0' })
})

test.each([
  ['a wrong audience', { ...GOOD, audience: 'https://vault.azure.net' }],
  ['an expired token', { ...GOOD, lifeSeconds: -3600 }],
])('when the token is refused (%s), then the message names the roles', async (_, bad) => {
  token = bad
  for (const env of [pipeline(), await pod()]) {
    expect(await publish(env)).toMatchObject({
      failure: { code: 'access', message: expect.stringMatching(/Storage Blob Data Reader.*Contributor/) },
    })
  }
})

test('when nobody is signed in, then the message says how to sign in', async () => {
  expect(await publish({})).toMatchObject({
    failure: { code: 'access', message: expect.stringMatching(/no way to sign in.*az login/) },
  })
})

test.each([
  ['pipelines', 'SYSTEM_ACCESSTOKEN'],
  ['workload-identity', 'AZURE_FEDERATED_TOKEN_FILE'],
  ['connection-string', 'AZURE_STORAGE_CONNECTION_STRING'],
  ['magic', 'choose one of auto, pipelines'],
])('when %s is chosen and a setting is missing, then the message names it', async (auth, setting) => {
  expect(await publish({}, auth)).toMatchObject({
    failure: { code: 'usage', message: expect.stringContaining(setting) },
  })
})

test('when a connection string is there but not asked for, then it is not used', async () => {
  const env = { AZURE_STORAGE_CONNECTION_STRING: `AccountName=devstoreaccount1;AccountKey=${KEY}` }
  expect(await publish(env)).toMatchObject({ failure: { code: 'access' } })
  expect(await publish(env, 'connection-string')).toMatchObject({ auth: 'connection-string' })
  const other = { AZURE_STORAGE_CONNECTION_STRING: 'AccountName=other;AccountKey=c2VjcmV0' }
  const { failure } = await publish(other, 'connection-string')
  expect(failure).toMatchObject({ code: 'usage', message: expect.not.stringContaining('c2VjcmV0') })
})
