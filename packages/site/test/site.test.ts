import { execFile, execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { temporaryFolders } from '@repo/testing'
import { buildSite } from '../src/build.js'
import { serveFolder } from '../src/serve.js'

const repository = fileURLToPath(new URL('../../..', import.meta.url))
const folder = temporaryFolders()
let out: string

const FILES: Record<string, string> = {
  'README.md':
    '# The project\n\n[tutorial](docs/tutorial.md#two-words) [code](src/a.ts) [folder](src/) <https://example.com>\n',
  'docs/tutorial.md':
    '# The tutorial\n\n```mermaid\nflowchart LR\n  a["commit"] --> b\n```\n\n## Two words\n\nThe canary sings.\n\n```bash skip="no"\necho "<x>"\n```\n\n## Back\n\n[home](../README.md) ![picture](picture.png)\n',
  'docs/zh-CN/tutorial.md': '# 教程\n\n发布一个更好的模型。\n',
  'docs/picture.png': '',
  'src/a.ts': 'export const a = 1 < 2\n',
}

beforeAll(async () => {
  const root = await folder()
  for (const [path, text] of Object.entries(FILES)) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), text)
  }
  execFileSync('git', ['init', '--quiet'], { cwd: root })
  out = join(await folder(), 'site')
  await buildSite(root, out)
})

const page = (path: string) => readFile(join(out, path), 'utf8')

describe('buildSite', () => {
  test('when a page links to another one, then the link leads to its page and heading', async () => {
    expect(await page('index.html')).toContain('href="docs/tutorial.html#two-words"')
    expect(await page('docs/tutorial.html')).toContain('<h2 id="two-words">')
    expect(await page('docs/tutorial.html')).toContain('href="../index.html"')
  })

  test('when a page links to source code or a folder, then it is shown', async () => {
    expect(await page('index.html')).toContain('href="source/src/a.ts.html"')
    expect(await page('source/src/a.ts.html')).toContain('1 &lt; 2')
    expect(await page('source/src.html')).toContain('a.ts')
    expect(existsSync(join(out, 'source/docs/picture.png'))).toBe(true)
  })

  test('when a page is Chinese, then it says so and stands in its own group', async () => {
    expect(await page('docs/zh-CN/tutorial.html')).toContain('<html lang="zh-CN"')
  })

  test('when the real docs are built, then no link of any page is dead', async () => {
    const site = join(await folder(), 'real')
    await buildSite(repository, site)
    const dead: string[] = []
    const pages = execFileSync('find', [site, '-name', '*.html', '-not', '-path', '*/source/*'], {
      encoding: 'utf8',
    })
    for (const path of pages.trim().split('\n')) {
      const html = await readFile(path, 'utf8')
      for (const [, target = ''] of html.matchAll(/(?:href|src)="([^"#]+)/g)) {
        if (/^[a-z]+:/.test(target) || existsSync(join(dirname(path), decodeURI(target)))) continue
        // What is not in the repository either is for `npm run docs:test -- --check` to find.
        const source = /source\/(.*?)(\.html)?$/.exec(target)?.[1]
        if (source === undefined || existsSync(join(repository, source))) dead.push(`${path}: ${target}`)
      }
    }
    expect(dead).toEqual([])
  })
})

const browser = ['chromium', 'chromium-browser', 'google-chrome'].find(
  (name) => spawnSync(name, ['--version']).status === 0,
)
const describeWithBrowser = browser === undefined ? describe.skip : describe

/** The page's HTML after its scripts have run. */
async function dom(url: string): Promise<string> {
  const args = [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--virtual-time-budget=10000',
    '--dump-dom',
    url,
  ]
  const { stdout } = await promisify(execFile)(browser ?? '', args, { timeout: 50_000 })
  return stdout
}

describeWithBrowser(
  `In a browser${browser === undefined ? ' [skipped: no Chromium is installed]' : ''}`,
  () => {
    let server: Server
    beforeAll(async () => {
      const below = await folder()
      await cp(out, join(below, 'some/path'), { recursive: true })
      server = await serveFolder(below, 0)
    })
    afterAll(() => {
      server.close()
    })
    const places: [string, () => string][] = [
      ['opened from a folder', () => `file://${out}`],
      [
        'on a static host, below a path',
        () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/some/path`,
      ],
    ]

    test.each(places)('when it is %s, then the search finds words, with a slip too', async (_name, base) => {
      const html = await dom(`${base()}/docs/tutorial.html?q=canarry`)
      expect(html).toContain('<b>The tutorial: Two words</b>')
      expect(html).toContain('href="../docs/tutorial.html#two-words"')
    })

    test.each(places)('when it is %s, then the search finds Chinese', async (_name, base) => {
      expect(await dom(`${base()}/index.html?q=${encodeURIComponent('更好')}`)).toContain('<b>教程</b>')
    })

    test.each(places)('when it is %s, then diagrams are drawn', async (_name, base) => {
      expect(await dom(`${base()}/docs/tutorial.html`)).toMatch(
        /<pre class="mermaid"[^>]*><svg[^>]*>.*commit/s,
      )
    })

    test('when nothing fits, then the search says so', async () => {
      expect(await dom(`file://${out}/index.html?q=xyzzyqwert`)).toContain('Nothing found')
    })
  },
)
