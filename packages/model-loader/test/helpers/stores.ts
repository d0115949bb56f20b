import { randomUUID } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ContainerClient, StorageSharedKeyCredential } from '@azure/storage-blob'
import { afterAll, beforeAll, describe } from '@jest/globals'
import { type Azurite, startAzurite } from '@repo/azurite'
import { S3_ENV, S3StandIn } from '@repo/testing/s3-stand-in'
import { type ModelStore, openStore } from '../../src/index.js'
import { setEnvironment } from '../env.js'

/** A fresh store, and ways to harm it behind its back. */
export interface TestStore {
  store: ModelStore
  url: string
  /** What another process needs in its environment to open it by its URL. */
  env: Record<string, string>
  put(key: string, data: string | Buffer): Promise<void>
  remove(key: string): Promise<void>
}

/** Runs the same tests against every kind of store. */
export function describeStores(
  title: string,
  temporaryFolder: () => Promise<string>,
  body: (open: () => Promise<TestStore>) => void,
): void {
  describe(`${title}, Azure Blob (Azurite)`, () => {
    let azurite: Azurite
    beforeAll(async () => {
      azurite = await startAzurite()
    })
    afterAll(() => azurite.stop())
    body(async () => azuriteStore(azurite))
  })
  describe(`${title}, S3 (stand-in)`, () => {
    const s3 = new S3StandIn()
    beforeAll(() => s3.start())
    afterAll(() => s3.stop())
    body(async () => s3Store(s3))
  })
  describe(`${title}, folder`, () => {
    body(async () => folderStore(await temporaryFolder()))
  })
}

export async function azuriteStore(azurite: Azurite): Promise<TestStore> {
  const container = `test-${randomUUID()}`
  const url = `${azurite.url}/${container}`
  const client = new ContainerClient(
    `http://127.0.0.1:${azurite.port}/devstoreaccount1/${container}`,
    new StorageSharedKeyCredential(
      'devstoreaccount1',
      'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==',
    ),
  )
  return {
    store: openStore(url),
    url,
    env: {},
    async put(key, data) {
      const bytes = Buffer.from(data)
      await client.createIfNotExists()
      await client.getBlockBlobClient(key).upload(bytes, bytes.length)
    },
    async remove(key) {
      await client.deleteBlob(key)
    },
  }
}

export function s3Store(s3: S3StandIn, s3Endpoint: string = s3.url): TestStore {
  setEnvironment(S3_ENV)
  const bucket = `test-${randomUUID()}`
  s3.makeBucket(bucket)
  return {
    store: openStore(`s3://${bucket}`, { s3Endpoint }),
    url: `s3://${bucket}`,
    env: { ...S3_ENV, AWS_ENDPOINT_URL_S3: s3Endpoint },
    async put(key, data) {
      s3.put(bucket, key, Buffer.from(data))
    },
    async remove(key) {
      s3.remove(bucket, key)
    },
  }
}

export function folderStore(root: string): TestStore {
  const url = pathToFileURL(root).href
  return {
    store: openStore(url),
    url,
    env: {},
    async put(key, data) {
      const path = join(root, key)
      await mkdir(dirname(path), { recursive: true })
      await rm(path, { force: true })
      await writeFile(path, data)
    },
    async remove(key) {
      await rm(join(root, key))
    },
  }
}
