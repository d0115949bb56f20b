import { spawn } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type Azurite, startAzurite } from '@repo/azurite'
import { temporaryFolders } from '@repo/testing'
import { bytesContent } from '../src/content.js'
import { listModels, openStore, publishModel, pullModel } from '../src/index.js'
import { writeBundle } from './helpers/bundles.js'
import { azuriteStore } from './helpers/stores.js'

const temporaryFolder = temporaryFolders()
const content = bytesContent(Buffer.from('x'))

describe('a store URL', () => {
  test.each([
    'https://myaccount.blob.core.windows.net/models',
    'https://myaccount.blob.core.windows.net/models/team/vision',
    'https://myaccount.blob.core.chinacloudapi.cn/models',
    'https://myaccount.z12.blob.storage.azure.net/models',
    'azurite://127.0.0.1:10000/models',
    'azurite://localhost/models',
    's3://bucket',
    's3://my.bucket-1/team/vision',
    'file:///srv/models',
  ])('when it is %s, then the store bears that name', (url) => {
    expect(openStore(url).url).toBe(url)
  })

  test.each([
    ['models', 'That is not a URL'],
    ['/srv/models', 'That is not a URL'],
    ['s3:///models', 'names no usable bucket'],
    ['s3://My_Bucket/models', 'names no usable bucket'],
    ['http://myaccount.blob.core.windows.net/models', 'no store for http://'],
    ['https://example.com/models', 'example.com is not an Azure Blob account'],
    ['https://myaccount.blob.core.windows.net.example.com/models', 'not an Azure Blob account'],
    ['https://myaccount.blob.core.windows.net', 'names no usable container'],
    ['https://myaccount.blob.core.windows.net/My_Models', 'names no usable container'],
    ['https://myaccount.blob.core.windows.net/a--b', 'names no usable container'],
    ['https://myaccount.blob.core.windows.net/%zz', 'not valid in a URL'],
    ['azurite:///models', 'names no host'],
    ['file://server/share', 'names no folder of this machine'],
  ])('when it is %s, then the error says why and names the accepted forms', (url, why) => {
    const message = expect.stringMatching(
      new RegExp(`${why}.*https://<account>.*azurite://.*file:///<folder>`),
    )
    expect(() => openStore(url)).toThrow(expect.objectContaining({ code: 'usage', message }))
  })

  test.each([
    'https://myaccount.blob.core.windows.net/models?sv=2024&sig=secret',
    'https://user:secret@myaccount.blob.core.windows.net/models',
    'file:///srv/models#secret',
  ])('when it holds something secret (%s), then it is refused without repeating it', (url) => {
    expect(() => openStore(url)).toThrow(expect.objectContaining({ code: 'usage' }))
    expect(() => openStore(url)).not.toThrow(/secret/)
  })
})

describe('a store that cannot be used', () => {
  test('when nothing listens there, then it is unreachable', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as AddressInfo
    await new Promise((resolve) => server.close(resolve))
    await expect(openStore(`azurite://127.0.0.1:${port}/models`).read('a/x')).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringMatching(
        /azurite:\/\/127\.0\.0\.1:\d+\/models: reading a\/x failed.*ECONNREFUSED/,
      ),
    })
  })

  test.each([
    [403, 'AuthorizationPermissionMismatch', 'access', /Storage Blob Data Reader.*Contributor/],
    [401, 'NoAuthenticationInformation', 'access', /Storage Blob Data Reader/],
    [404, 'ContainerNotFound', 'not-found', /no such container/],
    [404, 'ResourceNotFound', 'not-found', /not there/],
    [409, 'ContainerBeingDeleted', 'conflict', /refused the change/],
    [400, 'InvalidUri', 'usage', /Check the URL/],
    [503, 'ServerBusy', 'unreachable', /did not answer as it should/],
  ])(
    'when the service answers %d %s, then the error is %s and says what to do',
    async (status, code, expected, next) => {
      const server = createServer((_request, response) => {
        const body = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>No.</Message></Error>`
        response.writeHead(status, { 'x-ms-error-code': code, 'content-type': 'application/xml' }).end(body)
      }).listen(0, '127.0.0.1')
      await new Promise((resolve) => server.once('listening', resolve))
      const store = openStore(`azurite://127.0.0.1:${(server.address() as AddressInfo).port}/models`)
      const failure = { code: expected, message: expect.stringMatching(next) }
      const listed = store.list('')[Symbol.asyncIterator]()
      await expect(listed.next()).rejects.toMatchObject(failure)
      await expect(store.write('a/x', content, { ifNoneMatch: '*' })).rejects.toMatchObject(failure)
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  )

  test('when nobody is signed in, then access is refused with the way to sign in', async () => {
    const script = `
      import { openStore } from ${JSON.stringify(new URL('../dist/index.js', import.meta.url).href)}
      const store = openStore('https://myaccount.blob.core.windows.net/models')
      await store.read('a/latest.json').catch(({ code, message }) => console.log(JSON.stringify({ code, message })))`
    // Without a PATH there is no Azure CLI.
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      env: { PATH: await temporaryFolder() },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let printed = ''
    for await (const chunk of child.stdout) printed += chunk
    expect(JSON.parse(printed)).toMatchObject({
      code: 'access',
      message: expect.stringMatching(/no way to sign in.*az login/),
    })
  })

  test('when the folder does not exist, then reading is refused and publishing makes it', async () => {
    const root = join(await temporaryFolder(), 'new')
    const store = openStore(pathToFileURL(root).href)
    await expect(listModels(store)).rejects.toMatchObject({ code: 'not-found' })
    await expect(pullModel(store, 'clothes', join(root, 'model'))).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringContaining('there is no such folder'),
    })
    const folder = await temporaryFolder()
    await writeBundle(folder)
    await publishModel(store, folder)
    expect(await listModels(store)).toHaveLength(1)
  })
})

describe('a prefix in the URL', () => {
  let azurite: Azurite
  beforeAll(async () => {
    azurite = await startAzurite()
  })
  afterAll(() => azurite.stop())

  test('when models lie below a prefix, then keys do not show it', async () => {
    const { url, store } = await azuriteStore(azurite)
    const below = openStore(`${url}/team/vision`)
    const folder = await temporaryFolder()
    await writeBundle(folder)
    await publishModel(below, folder)
    expect(await listModels(below)).toMatchObject([{ name: 'clothes', latest: true }])
    expect(await listModels(store)).toEqual([])
    expect(await store.head('team/vision/clothes/latest.json')).toBeDefined()
    await pullModel(openStore(`${url}/team/vision/`), 'clothes', join(await temporaryFolder(), 'model'))
  })
})
