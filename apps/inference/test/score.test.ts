import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { readBundle } from '@repo/model-bundle'
import sharp from 'sharp'
import request from 'supertest'
import { originalBody, type ScoreAnswer, sampleBundle, startApp, type TestApp } from './support.js'

let app: TestApp
let boot: Buffer
let bag: Buffer
beforeAll(async () => {
  app = await startApp()
  const { manifest } = await readBundle(sampleBundle)
  const sample = (label: string) =>
    readFile(join(sampleBundle, manifest.samples.find((s) => s.label === label)!.file))
  boot = await sample('Ankle boot')
  bag = await sample('Bag')
})
afterAll(() => app.close())

const json = (body: string) =>
  request(app.url).post('/score').set('content-type', 'application/json').send(body)
const topLabels = (answer: ScoreAnswer) => answer.result[0].map((ranking) => ranking[0]![0])

describe("POST /score, the original's contract", () => {
  test('when the original client posts a 224x224 PNG, then result[0][0][0][0] is the label', async () => {
    const png = await sharp(boot).resize(224, 224).png().toBuffer()
    const response = await json(originalBody(png))
      .expect(200)
      .expect('content-type', /^application\/json/)
    expect(response.body.result[0][0][0][0]).toBe('Ankle boot')
  })

  test('when an image is scored, then the answer holds three labels with percent, best first, and the time', async () => {
    const { body } = await json(originalBody(boot)).expect(200)
    const answer = body as ScoreAnswer
    expect(Object.keys(answer)).toEqual(['result'])
    const [images, computed] = answer.result
    expect(computed).toMatch(/^Computed in \d+(\.\d+)? ms$/)
    expect(images).toHaveLength(1)
    const ranking = images[0]!
    expect(ranking).toHaveLength(3)
    const percents = ranking.map(([, percent]) => percent)
    expect(percents).toEqual([...percents].sort((a, b) => b - a))
    expect(percents[0]).toBeGreaterThan(50)
    expect(percents.reduce((sum, percent) => sum + percent)).toBeLessThanOrEqual(100.01)
    for (const percent of percents) expect(Math.round(percent * 100) / 100).toBe(percent)
  })

  test('when several images are posted, then each has its ranking, in order', async () => {
    const { body } = await json(originalBody(boot, bag, boot)).expect(200)
    expect(topLabels(body)).toEqual(['Ankle boot', 'Bag', 'Ankle boot'])
  })

  test('when the list is empty, then so is the answer', async () => {
    const { body } = await json('{"input": "[]"}').expect(200)
    expect(body.result[0]).toEqual([])
  })

  const b64 = () => boot.toString('base64')
  test.each<[string, () => string]>([
    ['without any blank', () => `{"input":"[\\"${b64()}\\"]"}`],
    ['as Python writes it', () => `{"input": "[\\"${b64()}\\"]"}`],
    ['with blanks everywhere', () => ` \n{ "input"\t: "[ \\"${b64()}\\" ]" \r\n} `],
    ['as a real array', () => JSON.stringify({ input: [b64()] })],
    ["with Python's b'...'", () => JSON.stringify({ input: JSON.stringify([`b'${b64()}'`]) })],
    ['as a data: URL in capitals', () => JSON.stringify({ input: [`DATA:image/png;BASE64,${b64()}`] })],
    ['as a data: URL', () => JSON.stringify({ input: [`data:image/png;base64,${b64()}`] })],
    [
      'with line breaks in the base64',
      () => JSON.stringify({ input: [b64().replace(/(.{76})/g, '$1\r\n')] }),
    ],
    ['without padding', () => JSON.stringify({ input: [b64().replace(/=+$/, '')] })],
    ['with escaped slashes', () => JSON.stringify({ input: JSON.stringify([b64()]).replaceAll('/', '\\/') })],
    ['with other members', () => JSON.stringify({ id: 7, input: [b64()], __proto__: null })],
  ])('when the body comes %s, then it is understood', async (_, body) => {
    expect(topLabels((await json(body()).expect(200)).body)).toEqual(['Ankle boot'])
  })

  test('when the content type names a charset, then it is accepted', async () => {
    await request(app.url)
      .post('/score')
      .set('content-type', 'application/json; charset=utf-8')
      .send(originalBody(boot))
      .expect(200)
  })
})

describe('POST /score, for other habits', () => {
  test('when the body is the image itself, then the answer is the same', async () => {
    const { body } = await request(app.url)
      .post('/score')
      .set('content-type', 'image/png')
      .send(boot)
      .expect(200)
    expect(topLabels(body)).toEqual(['Ankle boot'])
  })

  test('when a form holds files, then each is scored', async () => {
    const { body } = await request(app.url)
      .post('/score')
      .field('comment', 'not an image')
      .attach('image', boot, 'boot.png')
      .attach('other', bag, 'bag.png')
      .expect(200)
    expect(topLabels(body)).toEqual(['Ankle boot', 'Bag'])
  })

  test('when the body comes in chunks of unknown length, then it is read whole', async () => {
    const response = await fetch(`${app.url}/score`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: ReadableStream.from([
        Buffer.from('{"input": ['),
        Buffer.from(`"${boot.toString('base64')}"`),
        Buffer.from(']}'),
      ]),
      duplex: 'half',
    } as RequestInit)
    expect(topLabels((await response.json()) as ScoreAnswer)).toEqual(['Ankle boot'])
  })
})
