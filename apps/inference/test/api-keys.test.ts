import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { environmentSchema } from '../src/env.js'
import { type Problem, startApp, type TestApp } from './support.js'

const KEYS = ['first-key-of-the-test', 'second-key-of-the-test']

let app: TestApp
beforeAll(async () => {
  app = await startApp({ app: { apiKeys: KEYS } })
})
afterAll(() => app.close())

const get = (path: string, headers: Record<string, string> = {}) => fetch(`${app.url}${path}`, { headers })

describe('API_KEYS', () => {
  test.each([
    '/',
    '/healthz',
    '/readyz',
    '/metrics',
    '/v2/health/live',
    '/v2/health/ready',
    '/docs',
    '/openapi.json',
  ])('when no key comes, then %s still answers', async (path) => {
    expect((await get(path)).status).toBe(200)
  })

  test.each([
    { authorization: `Bearer ${KEYS[0]}` },
    { 'x-api-key': KEYS[1] as string },
    // A gateway put a token of its own there.
    { authorization: 'Bearer a.gateway.token', 'x-api-key': KEYS[0] as string },
    { authorization: `Bearer ${KEYS[1]}`, 'x-api-key': 'another-key-of-nobody' },
  ])('when a key comes as %j, then it is let in', async (headers) => {
    expect((await get('/version', headers)).status).toBe(200)
  })

  test.each(['/version', '/model', '/score', '/preview', '/nope'])(
    'when no key comes, then %s answers 401 as a problem',
    async (path) => {
      const response = await get(path)
      expect(response.status).toBe(401)
      expect(response.headers.get('www-authenticate')).toBe('Bearer')
      expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/)
      expect(await response.json()).toMatchObject({ status: 401, code: 'unauthorized' })
    },
  )

  test.each([
    '/v2',
    '/v2/models/fashion-mnist',
    '/v2/models/fashion-mnist/infer',
    '/V2/Models/fashion-mnist/',
    '/v2/nope',
  ])('when no key comes, then %s answers 401 in the protocol’s way', async (path) => {
    const response = await get(path)
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toBe('Bearer')
    expect(Object.keys((await response.json()) as Problem)).toEqual(['error'])
  })

  test('when a key comes in either form, then the request passes', async () => {
    for (const key of KEYS) {
      expect((await get('/version', { authorization: `Bearer ${key}` })).status).toBe(200)
      expect((await get('/version', { authorization: `bearer ${key}` })).status).toBe(200)
      expect((await get('/version', { 'x-api-key': key })).status).toBe(200)
      expect((await get('/v2', { 'x-api-key': key })).status).toBe(200)
    }
  })

  test.each<[string, Record<string, string>]>([
    ['a wrong key', { 'x-api-key': 'another-key-of-the-test' }],
    ['a part of a key', { 'x-api-key': KEYS[0]!.slice(0, -1) }],
    ['more than a key', { 'x-api-key': `${KEYS[0]}x` }],
    ['all keys at once', { 'x-api-key': KEYS.join(',') }],
    ['an empty key', { 'x-api-key': '' }],
    ['Basic', { authorization: `Basic ${Buffer.from(`user:${KEYS[0]}`).toString('base64')}` }],
    ['a bare key as authorization', { authorization: KEYS[0]! }],
  ])('when %s comes, then 401', async (_, headers) => {
    expect((await get('/version', headers)).status).toBe(401)
  })

  test('when keys come, good or bad, then no log line holds them', async () => {
    await get('/version', { authorization: `Bearer ${KEYS[0]}` })
    await get('/version', { 'x-api-key': 'a-key-that-nobody-knows' })
    expect(app.logs.join('')).not.toMatch(/first-key|second-key|nobody-knows/)
  })
})

describe('API_KEYS in the environment', () => {
  test('when it lists keys, then blanks around them do not count', () => {
    expect(environmentSchema.parse({ API_KEYS: ` ${KEYS[0]} ,${KEYS[1]}` }).API_KEYS).toEqual(KEYS)
    expect(environmentSchema.parse({}).API_KEYS).toEqual([])
  })

  test.each(['short', `${KEYS[0]},`, `${KEYS[0]},short`, 'a key with blanks in it'])(
    'when it is "%s", then it is refused, and the key is not repeated',
    (text) => {
      const { error } = environmentSchema.safeParse({ API_KEYS: text })
      expect(error?.issues[0]?.path[0]).toBe('API_KEYS')
      expect(error?.issues[0]?.message).toBe('a key has at least 16 printable ASCII characters')
    },
  )
})
