import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A span as OTLP has it in JSON (https://opentelemetry.io/docs/specs/otlp/#otlphttp-request). */
export interface OtlpSpan {
  traceId: string
  spanId: string
  parentSpanId?: string
  name: string
  kind: number
  startTimeUnixNano: string
  endTimeUnixNano: string
  attributes: { key: string; value: { stringValue?: string; intValue?: number } }[]
  status: { code: number }
  traceState?: string
}

interface ExportRequest {
  resourceSpans: {
    resource: { attributes: OtlpSpan['attributes'] }
    scopeSpans: { spans: OtlpSpan[] }[]
  }[]
}

export interface OtlpReceiver {
  url: string
  spans: OtlpSpan[]
  /** What the spans' senders said of themselves. */
  resource: Record<string, unknown>
  /** Paths and content types of the requests. */
  requests: string[]
  close(): Promise<void>
}

/** A collector for traces, on a free port of loopback. */
export async function startReceiver(): Promise<OtlpReceiver> {
  const receiver = { spans: [] as OtlpSpan[], resource: {}, requests: [] as string[] }
  const server = createServer(async (req, res) => {
    const chunks: Buffer[] = []
    for await (const chunk of req) chunks.push(chunk)
    receiver.requests.push(`${req.method} ${req.url} ${req.headers['content-type']}`)
    const body = JSON.parse(Buffer.concat(chunks).toString()) as ExportRequest
    for (const { resource, scopeSpans } of body.resourceSpans) {
      Object.assign(receiver.resource, attributesOf(resource))
      for (const { spans } of scopeSpans) receiver.spans.push(...spans)
    }
    res.setHeader('content-type', 'application/json').end('{}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    ...receiver,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export function attributesOf({ attributes }: Pick<OtlpSpan, 'attributes'>): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))
}
