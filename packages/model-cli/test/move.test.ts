import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type Azurite, startAzurite } from '@repo/azurite'
import { temporaryFolders, writeColourBundle } from '@repo/testing'
import { S3_ENV, S3StandIn } from '@repo/testing/s3-stand-in'
import { modelJson } from './helpers/run.js'

const temporaryFolder = temporaryFolders()
const s3 = new S3StandIn()
let azurite: Azurite
beforeAll(async () => {
  azurite = await startAzurite()
  await s3.start()
  s3.makeBucket('models')
})
afterAll(async () => {
  await s3.stop()
  await azurite.stop()
})

test('when the documented commands move a model from Azure Blob to S3 and back, then its hash is the same', async () => {
  const folder = await temporaryFolder()
  const bundle = await temporaryFolder()
  await writeColourBundle(bundle, { name: 'clothes' })
  const guide = await readFile(new URL('../../../docs/model-store.md', import.meta.url), 'utf8')
  const example = /## Moving a model.*?```bash\n(.*?)```/s.exec(guide)?.[1] ?? ''
  const env: Record<string, string> = { ...S3_ENV, AWS_ENDPOINT_URL_S3: s3.url, NODE_NO_WARNINGS: '1' }
  const stores: Record<string, string> = {
    $AZURE_STORE: `${azurite.url}/models`,
    $S3_STORE: 's3://models/team',
  }
  const start = await modelJson(['publish', bundle, '--store', `${azurite.url}/models`])
  const answers = []
  for (const line of example.trim().split('\n')) {
    const words = line.replace('npx --no model ', '').split(' ')
    const args = words.map((word) => stores[word.replaceAll('"', '')] ?? word)
    const { code, answer } = await modelJson(args, { env, cwd: folder })
    expect({ line, code }).toEqual({ line, code: 0 })
    answers.push(answer)
  }
  expect(answers.map(({ manifestSha256 }) => manifestSha256)).toEqual(
    Array(4).fill(start.answer.manifestSha256),
  )
  expect(answers[2]).toMatchObject({ auth: 'aws', folder: join(folder, 'back'), changed: true })
  expect(answers[3]).toMatchObject({ alreadyThere: true })
})
