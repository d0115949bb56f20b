import { watch } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { extname, join, normalize } from 'node:path'

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css',
  '.js': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
}

/** Serves a folder on loopback. */
export async function serveFolder(folder: string, port: number): Promise<Server> {
  const server = createServer(async (req, res) => {
    const path = normalize(decodeURIComponent(new URL(req.url ?? '/', 'http://localhost').pathname))
    const file = path.endsWith('/') ? `${path}index.html` : path
    try {
      const content = await readFile(join(folder, file))
      res.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' }).end(content)
    } catch {
      res.writeHead(404).end('Not found')
    }
  })
  return await new Promise((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', () => resolve(server))
  })
}

/** Calls back a moment after the last of a number of changes to Markdown files. */
export function onMarkdownChange(folder: string, callback: () => void): void {
  let timer: NodeJS.Timeout | undefined
  watch(folder, { recursive: true }, (_event, name) => {
    if (name === null || !name.endsWith('.md') || name.includes('node_modules')) return
    clearTimeout(timer)
    timer = setTimeout(callback, 200)
  })
}
