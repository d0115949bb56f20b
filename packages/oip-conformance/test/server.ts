import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach } from '@jest/globals'

export interface Call {
  method: string
  path: string
  contentType: string
  body: string
  authorization?: string | undefined
}

export interface Reply {
  status: number
  /** application/json by default */
  contentType?: string
  /** A text is sent as it is; anything else as JSON. */
  body: unknown
}

/** Answers a call; with undefined, never. */
export type Handler = (call: Call) => Reply | undefined

/** Starts servers on free ports and stops them after each test. Call at the top level of a test file. */
export function servers(): (handler: Handler) => Promise<string> {
  const started: Server[] = []
  afterEach(async () => {
    for (const server of started.splice(0)) await stop(server)
  })
  return async (handler) => {
    const server = createServer(async (req, res) => {
      let body = ''
      for await (const chunk of req.setEncoding('utf8')) body += chunk
      const contentType = req.headers['content-type'] ?? ''
      const { method = '', url: path = '', headers } = req
      const reply = handler({ method, path, contentType, body, authorization: headers.authorization })
      if (!reply) return
      res.writeHead(reply.status, { 'content-type': reply.contentType ?? 'application/json' })
      res.end(typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body))
    })
    started.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }
}

/** The address of a port that was free a moment ago, where nothing listens. */
export async function deadAddress(): Promise<string> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await stop(server)
  return `http://127.0.0.1:${port}`
}

async function stop(server: Server): Promise<void> {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
}
