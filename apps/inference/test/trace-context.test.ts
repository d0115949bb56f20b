import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { parseTraceParent } from '../src/http/trace-context.js'
import { startApp, type TestApp } from './support.js'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const SPAN = 'b7ad6b7169203331'

describe('parseTraceParent', () => {
  test.each<[string, string]>([
    ['version 00', `00-${TRACE}-${SPAN}-01`],
    ['a later version', `01-${TRACE}-${SPAN}-01`],
    ['a later version that goes on', `cc-${TRACE}-${SPAN}-01-what-the-future-will-be-like`],
  ])('when it is of %s, then it is taken', (_, header) => {
    expect(parseTraceParent(header, 'a=b')).toEqual({ traceId: TRACE, spanId: SPAN, flags: 1, state: 'a=b' })
  })

  test.each<[string, string | undefined]>([
    ['missing', undefined],
    ['empty', ''],
    ['of version ff', `ff-${TRACE}-${SPAN}-01`],
    ['of version 00 and goes on', `00-${TRACE}-${SPAN}-01-more`],
    ['in capitals', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
    ['without a trace', `00-${'0'.repeat(32)}-${SPAN}-01`],
    ['without a span', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['too short', `00-${TRACE.slice(1)}-${SPAN}-01`],
    ['too long', `00-${TRACE}0-${SPAN}-01`],
    ['not hexadecimal', `00-${TRACE.replace('a', 'g')}-${SPAN}-01`],
    ['followed by a line', `00-${TRACE}-${SPAN}-01\n`],
    ['there twice', `00-${TRACE}-${SPAN}-01, 00-${TRACE}-${SPAN}-01`],
  ])('when it is %s, then it is as if it were not there', (_, header) => {
    expect(parseTraceParent(header)).toBeUndefined()
  })
})

describe('the log', () => {
  let app: TestApp
  beforeAll(async () => {
    app = await startApp({ loading: true })
  })
  afterAll(() => app.close())

  const lineOf = async (headers: Record<string, string>) => {
    const id = `test-${app.logs.length}`
    const response = await fetch(`${app.url}/nope`, { headers: { ...headers, 'x-request-id': id } })
    await response.arrayBuffer()
    const find = () => app.logs.map((line) => JSON.parse(line)).find((line) => line.requestId === id)
    while (!find()) await new Promise((resolve) => setTimeout(resolve, 1))
    return find()
  }

  test('when the caller names its trace, then the line has it, without tracing too', async () => {
    expect(await lineOf({ traceparent: `00-${TRACE}-${SPAN}-00` })).toMatchObject({
      traceId: TRACE,
      path: '/nope',
      status: 404,
    })
  })

  test('when the caller names none, or a wrong one, then the line has none', async () => {
    expect(await lineOf({})).not.toHaveProperty('traceId')
    expect(await lineOf({ traceparent: 'x'.repeat(55) })).not.toHaveProperty('traceId')
  })
})
