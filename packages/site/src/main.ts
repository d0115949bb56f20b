import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { buildSite } from './build.js'
import { onMarkdownChange, serveFolder } from './serve.js'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const { values } = parseArgs({
  options: { serve: { type: 'boolean', default: false }, port: { type: 'string', default: '8000' } },
})
const out = join(root, '.local/site')

const build = async () => {
  console.log(`${await buildSite(root, out)} pages in .local/site`)
}
await build()
if (values.serve) {
  const server = await serveFolder(out, Number(values.port))
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  onMarkdownChange(root, () => {
    build().catch((error: unknown) => console.error(error))
  })
} else {
  console.log('open .local/site/index.html, or put the folder on any static host')
}
