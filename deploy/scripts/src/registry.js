/** As much of the OCI distribution API as it takes to read an image's digest and to attach something to it. */
import { createHash } from 'node:crypto'

const IMAGE_TYPES = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
]

/** @param {Uint8Array | string} data */
export const digestOf = (data) => `sha256:${createHash('sha256').update(data).digest('hex')}`

/** One repository of a registry. Its methods throw an Error that says what the registry answered. */
export class Repository {
  #base
  #credentials
  /** @type {string | undefined} */
  #authorization

  /**
   * @param {string} registry host[:port]
   * @param {string} name
   * @param {{ plainHttp?: boolean, credentials?: import('./credentials.js').Credentials | undefined }} options
   */
  constructor(registry, name, { plainHttp = false, credentials } = {}) {
    this.#base = `${plainHttp ? 'http' : 'https'}://${registry}/v2/${name}/`
    this.#credentials = credentials
  }

  /**
   * @param {string} reference a tag or digest
   * @returns {Promise<{ type: string, digest: string, body: Buffer } | undefined>} undefined when it is not there
   */
  async manifest(reference) {
    const accept = IMAGE_TYPES.join(', ')
    const answer = await this.#request('GET', `manifests/${reference}`, { headers: { accept } }, [200, 404])
    if (answer.status === 404) return undefined
    const body = Buffer.from(await answer.arrayBuffer())
    const digest = answer.headers.get('docker-content-digest') ?? digestOf(body)
    if (digest !== digestOf(body)) {
      throw new Error(`the registry calls ${reference} ${digest}, but its bytes have ${digestOf(body)}`)
    }
    return { type: answer.headers.get('content-type') ?? '', digest, body }
  }

  /**
   * @param {string} reference
   * @param {string} type
   * @param {string} body
   * @returns {Promise<Headers>}
   */
  async putManifest(reference, type, body) {
    const headers = { 'content-type': type }
    return (await this.#request('PUT', `manifests/${reference}`, { headers, body }, [201])).headers
  }

  /**
   * @param {Uint8Array} data
   * @returns {Promise<string>} its digest
   */
  async putBlob(data) {
    const digest = digestOf(data)
    const { status } = await this.#request('HEAD', `blobs/${digest}`, {}, [200, 404])
    if (status === 200) return digest
    const { headers } = await this.#request('POST', 'blobs/uploads/', {}, [202])
    const upload = new URL(headers.get('location') ?? '', this.#base)
    upload.searchParams.set('digest', digest)
    const type = { 'content-type': 'application/octet-stream' }
    await this.#request('PUT', upload.href, { headers: type, body: data }, [201])
    return digest
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {{ headers?: Record<string, string>, body?: string | Uint8Array }} options
   * @param {number[]} expected statuses
   */
  async #request(method, path, { headers = {}, body }, expected) {
    const url = new URL(path, this.#base)
    const send = () => {
      const authorization = this.#authorization === undefined ? {} : { authorization: this.#authorization }
      const init = { method, headers: { ...headers, ...authorization } }
      return fetch(url, body === undefined ? init : { ...init, body })
    }
    let answer = await send()
    if (answer.status === 401) {
      this.#authorization = await this.#authorize(answer.headers.get('www-authenticate') ?? '')
      answer = await send()
    }
    if (expected.includes(answer.status)) return answer
    const hint =
      answer.status === 401 || answer.status === 403 ? ' Sign in first: docker login, az acr login.' : ''
    const said = (await answer.text()).slice(0, 500)
    throw new Error(
      `the registry answers ${answer.status} to ${method} ${url.origin}${url.pathname}: ${said}${hint}`,
    )
  }

  /**
   * @param {string} challenge `Basic ...`, or `Bearer realm="...",service="...",scope="..."`
   * @returns {Promise<string>} the Authorization header
   */
  async #authorize(challenge) {
    const known = this.#credentials
    const basic =
      known && 'user' in known
        ? `Basic ${Buffer.from(`${known.user}:${known.password}`).toString('base64')}`
        : undefined
    const { realm, ...asked } = Object.fromEntries(
      [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]),
    )
    if (!/^bearer /i.test(challenge) || realm === undefined) {
      if (basic === undefined) throw new Error('the registry wants credentials. Sign in first: docker login.')
      return basic
    }
    const answer =
      known && 'identityToken' in known
        ? await fetch(realm, {
            method: 'POST',
            body: new URLSearchParams({
              ...asked,
              grant_type: 'refresh_token',
              refresh_token: known.identityToken,
            }),
          })
        : await fetch(
            `${realm}?${new URLSearchParams(asked)}`,
            basic ? { headers: { authorization: basic } } : {},
          )
    if (!answer.ok) throw new Error(`${new URL(realm).host} answers ${answer.status} to the sign-in`)
    const { token, access_token = token } = JSON.parse(await answer.text())
    return `Bearer ${access_token}`
  }
}
