import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { digestOf } from '../src/registry.js'

export interface RegistryOptions {
  /** It keeps count of referrers, as OCI 1.1 has it. */
  referrers?: boolean
  /** It wants a bearer token, which its own token service gives for what this function accepts. */
  signIn?: (authorization: string, form: URLSearchParams) => boolean
}

/** As much of a registry as attaching needs, with what Debian's docker-registry lacks: referrers and sign-in. */
export async function startRegistry({ referrers = false, signIn }: RegistryOptions = {}) {
  const blobs = new Set<string>()
  const manifests = new Map<string, { type: string; body: string }>()
  const server = createServer(async (req, res) => {
    const body = await read(req)
    const url = new URL(req.url ?? '', 'http://registry')
    const end = (status: number, headers = {}, text = '') => res.writeHead(status, headers).end(text)
    if (url.pathname === '/token') {
      const form = new URLSearchParams(req.method === 'POST' ? body : url.search)
      const accepted = signIn?.(req.headers.authorization ?? '', form) && form.get('service') === 'stand-in'
      return end(accepted ? 200 : 401, {}, JSON.stringify({ access_token: 'the token' }))
    }
    if (signIn && req.headers.authorization !== 'Bearer the token') {
      const realm = `http://${req.headers.host}/token`
      return end(401, {
        'www-authenticate': `Bearer realm="${realm}",service="stand-in",scope="repository:app:pull,push"`,
      })
    }
    const [, kind = '', reference = ''] = /^\/v2\/app\/(\w+)\/(.*)$/.exec(url.pathname) ?? []
    if (kind === 'blobs' && req.method === 'HEAD') return end(blobs.has(reference) ? 200 : 404)
    if (kind === 'blobs' && req.method === 'POST')
      return end(202, { location: '/v2/app/blobs/uploads/1?state=x' })
    if (kind === 'blobs' && req.method === 'PUT') {
      const right = url.searchParams.get('digest') === digestOf(body) && url.searchParams.get('state') === 'x'
      if (right) blobs.add(digestOf(body))
      return end(right ? 201 : 400)
    }
    if (kind === 'manifests' && req.method === 'PUT') {
      manifests.set(reference, { type: req.headers['content-type'] ?? '', body })
      const { subject } = JSON.parse(body)
      return end(201, referrers && subject ? { 'oci-subject': subject.digest } : {})
    }
    const found = manifests.get(reference)
    if (kind !== 'manifests' || found === undefined) return end(404, {}, 'not here')
    return end(200, { 'content-type': found.type, 'docker-content-digest': digestOf(found.body) }, found.body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    blobs,
    manifests,
    stop: () => stop(server),
  }
}

async function read(req: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of req) parts.push(part)
  return Buffer.concat(parts).toString()
}

function stop(server: Server): Promise<void> {
  server.closeAllConnections()
  return new Promise((resolve) => server.close(() => resolve()))
}
