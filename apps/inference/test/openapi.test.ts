import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { readBundle } from '@repo/model-bundle'
import { Validator } from '@seriousme/openapi-schema-validator'
import type { Express } from 'express'
import { openApiDocument } from '../src/openapi/document.js'
import { type SchemaName, schemas } from '../src/openapi/schemas.js'
import { sampleBundle, startApp, type TestApp } from './support.js'

interface Content {
  schema: { $ref?: string; anyOf?: { $ref: string }[] }
  examples?: Record<string, { value: unknown }>
}
interface Operation {
  operationId: string
  parameters?: { name: string; example: string }[]
  requestBody?: { content: Record<string, Content> }
  responses: Record<string, { content: Record<string, Content>; headers?: Record<string, unknown> }>
  security?: object[]
}
interface Document {
  paths: Record<string, Record<string, Operation>>
}

let app: TestApp
let document: Document
beforeAll(async () => {
  app = await startApp({ limits: { images: 3 } })
  document = (await (await fetch(`${app.url}/openapi.json`)).json()) as Document
})
afterAll(() => app.close())

/** Every operation, with its method and path. */
const operations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
  )

const urlOf = (path: string, { parameters = [] }: Operation) =>
  app.url + parameters.reduce((url, { name, example }) => url.replace(`{${name}}`, example), path)

/** Holds a text against the schemas that a content names: nothing may lack, and nothing may be more. */
function check({ schema }: Content, body: unknown): void {
  const names = (schema.anyOf ?? [schema]).flatMap(({ $ref }) =>
    $ref ? [$ref.split('/').pop() as SchemaName] : [],
  )
  if (names.length === 0) return
  const results = names.map((name) => schemas[name].safeParse(body))
  const fitting = results.find(({ success }) => success)
  if (!fitting)
    throw new Error(`${JSON.stringify(body)} does not fit ${names}: ${results[0]?.error?.message}`)
  expect(fitting.data).toEqual(body)
}

/** Holds an answer against what the document says of its status. */
async function checkAnswer(operation: Operation, response: Response): Promise<void> {
  const answer = operation.responses[response.status]
  if (!answer)
    throw new Error(`${operation.operationId} answered ${response.status}, which is not documented`)
  const type = response.headers.get('content-type')?.split(';')[0] ?? ''
  const content = answer.content[type]
  if (!content) throw new Error(`${operation.operationId} answered ${type}, which is not documented`)
  for (const header of Object.keys(answer.headers ?? {})) expect(response.headers.get(header)).not.toBeNull()
  const text = await response.text()
  check(content, type.endsWith('json') ? JSON.parse(text) : text)
}

describe('GET /openapi.json', () => {
  test.each([false, true])('when keys are wanted: %s, then it is valid OpenAPI 3.1', async (secured) => {
    const written = openApiDocument({ version: '1.0.0', model: undefined, secured })
    const validator = new Validator()
    expect(await validator.validate(JSON.parse(JSON.stringify(written)))).toEqual({ valid: true })
    expect(validator.version).toBe('3.1')
    expect(await new Validator().validate({ ...document })).toEqual({ valid: true })
  })

  test('when the model has no samples, then their parameter has no example', () => {
    const model = { name: 'm', version: '1.0.0', input: 'i', sample: undefined }
    const written = openApiDocument({ version: '1.0.0', model, secured: false })
    const { paths } = JSON.parse(JSON.stringify(written)) as Document
    const parameters = paths['/model/samples/{sha256}']?.get?.parameters
    expect(parameters).toMatchObject([{ name: 'sha256' }])
    expect(parameters?.[0]).not.toHaveProperty('example')
  })

  test('when an input may have null for data, then the schema says so', () => {
    const written = JSON.stringify(openApiDocument({ version: '1.0.0', model: undefined, secured: false }))
    expect(/"data":(\{"anyOf":\[.*?\]\})/.exec(written)?.[1]).toMatch(/"type":"array".*"type":"null"/)
  })

  test('when it is held against the routes, then neither has more than the other', () => {
    const documented = operations().map(({ method, path }) => `${method} ${path}`)
    expect(documented.sort()).toEqual(routesOf(app.express).sort())
  })

  test('when an operation has an id, then no other has it', () => {
    const ids = operations().map(({ operation }) => operation.operationId)
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('when an answer or a request has an example, then it fits its schema', () => {
    let count = 0
    for (const { operation } of operations()) {
      const contents = [operation.requestBody, ...Object.values(operation.responses)].flatMap((body) =>
        Object.values(body?.content ?? {}),
      )
      for (const content of contents) {
        for (const { value } of Object.values(content.examples ?? {})) {
          check(content, value)
          count++
        }
      }
    }
    expect(count).toBeGreaterThan(20)
  })

  test('when the examples are sent, then each is answered 200, as documented', async () => {
    for (const { method, path, operation } of operations()) {
      const bodies = Object.values(operation.requestBody?.content['application/json']?.examples ?? {})
      for (const example of method === 'get' ? [undefined] : bodies) {
        const response = await fetch(urlOf(path, operation), {
          method,
          ...(example && {
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify(example.value),
          }),
        })
        expect([path, response.status]).toEqual([path, 200])
        await checkAnswer(operation, response)
      }
    }
  })

  test('when an image or a form is sent, then the answer is as documented', async () => {
    const score = document.paths['/score']!.post!
    expect(Object.keys(score.requestBody!.content)).toEqual([
      'application/json',
      'image/*',
      'multipart/form-data',
    ])
    const { manifest } = await readBundle(sampleBundle)
    const image = new Blob([await readFile(join(sampleBundle, manifest.samples[0]!.file))], {
      type: 'image/png',
    })
    const form = new FormData()
    form.append('image', image)
    for (const body of [image, form]) {
      const response = await fetch(`${app.url}/score`, { method: 'POST', body })
      expect(response.status).toBe(200)
      await checkAnswer(score, response)
    }
  })

  const json = { 'content-type': 'application/json' }
  const tooMany = { name: 'input', shape: [4], datatype: 'BYTES', data: ['', '', '', ''] }
  test.each<[number, string, string, RequestInit]>([
    [400, 'post', '/score', { headers: json, body: '{' }],
    [413, 'post', '/score', { headers: json, body: '{"input": ["", "", "", ""]}' }],
    [415, 'post', '/score', { headers: { 'content-type': 'text/plain' }, body: 'x' }],
    [404, 'get', '/docs/{file}', {}],
    [404, 'get', '/v2/models/{model}', {}],
    [404, 'get', '/v2/models/{model}/ready', {}],
    [404, 'get', '/v2/models/{model}/versions/{version}', {}],
    [404, 'post', '/v2/models/{model}/infer', { headers: json, body: '{}' }],
    [400, 'post', '/v2/models/{model}/infer', { headers: json, body: '{}' }],
    [413, 'post', '/v2/models/{model}/infer', { headers: json, body: JSON.stringify({ inputs: [tooMany] }) }],
    [
      415,
      'post',
      '/v2/models/{model}/versions/{version}/infer',
      { headers: { 'content-type': 'text/plain' } },
    ],
  ])('when %d is answered to %s %s, then it is as documented', async (status, method, path, init) => {
    const operation = document.paths[path]![method]!
    const url = status === 404 ? app.url + path.replaceAll(/[{}]/g, '') : urlOf(path, operation)
    const body = init.body?.toString().replace('"name":"input"', `"name":"${await inputName()}"`)
    const response = await fetch(url, { ...init, method: method.toUpperCase(), ...(body && { body }) })
    expect(response.status).toBe(status)
    await checkAnswer(operation, response)
  })

  test('when the model is still loading, then every answer is as documented', async () => {
    const loading = await startApp({ loading: true })
    try {
      for (const { method, path, operation } of operations()) {
        const url = urlOf(path, operation).replace(app.url, loading.url)
        const body = method === 'post' ? { headers: json, body: '{}' } : {}
        await checkAnswer(operation, await fetch(url, { method, ...body }))
      }
    } finally {
      await loading.close()
    }
  })

  test('when keys are wanted, then it says where, and the answers without one are as documented', async () => {
    const locked = await startApp({ app: { apiKeys: ['a-key-for-this-test'] } })
    try {
      document = (await (await fetch(`${locked.url}/openapi.json`)).json()) as Document
      for (const { method, path, operation } of operations()) {
        const response = await fetch(urlOf(path, operation).replace(app.url, locked.url), { method })
        expect([path, response.status === 401]).toEqual([path, operation.security === undefined])
        await checkAnswer(operation, response)
      }
    } finally {
      await locked.close()
    }
  })
})

async function inputName(): Promise<string> {
  const response = await fetch(`${app.url}/v2/models/fashion-mnist`)
  return ((await response.json()) as { inputs: { name: string }[] }).inputs[0]!.name
}

/** `method path` of every route, in the document's spelling; routes for every method only refuse them. */
function routesOf({ router }: Express): string[] {
  const layers = router.stack.flatMap(({ route, handle }) => {
    if (route) return [{ mount: '', route }]
    const stack = (handle as { stack?: typeof router.stack }).stack ?? []
    return stack.flatMap((layer) => (layer.route ? [{ mount: '/v2', route: layer.route }] : []))
  })
  return layers.flatMap(({ mount, route }) => {
    const methods = new Set<string | undefined>(route.stack.map(({ method }) => method))
    const path = `${mount}${route.path}`.replace(/^\/v2\/$/, '/v2').replaceAll(/:(\w+)/g, '{$1}')
    return methods.size > 1 || methods.has(undefined) ? [] : [...methods].map((method) => `${method} ${path}`)
  })
}
