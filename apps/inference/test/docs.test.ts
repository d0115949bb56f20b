import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startApp, type TestApp } from './support.js'

let app: TestApp
beforeAll(async () => {
  app = await startApp({ loading: true })
})
afterAll(() => app.close())

const EXTERNAL = /(?:https?:)?\/\/[\w.]/

describe('GET /docs', () => {
  test('when it is loaded, then everything it consists of comes from here', async () => {
    const page = await fetch(`${app.url}/docs`)
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
    const html = await page.text()
    expect(html).not.toMatch(EXTERNAL)
    const links = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link]) => link!)
    expect(links).toEqual([
      'docs/favicon-32x32.png',
      'docs/swagger-ui.css',
      'docs/swagger-ui-bundle.js',
      'docs/start.js',
      'openapi.json',
    ])
    for (const link of links) {
      const file = await fetch(new URL(link, `${app.url}/docs`))
      expect([link, file.status]).toEqual([link, 200])
      expect((await file.arrayBuffer()).byteLength).toBeGreaterThan(100)
    }
    expect(await (await fetch(`${app.url}/docs/start.js`)).text()).not.toMatch(EXTERNAL)
    const css = await (await fetch(`${app.url}/docs/swagger-ui.css`)).text()
    expect(css.match(/@import|url\((?!["']?data:).{0,50}/g)).toBeNull()
  })

  test('when its policy is read, then it allows nothing from elsewhere and no script inside the page', async () => {
    const page = await fetch(`${app.url}/docs`)
    const policy = page.headers.get('content-security-policy') ?? ''
    const directives = new Map(
      policy.split('; ').map((directive) => {
        const [name = '', ...sources] = directive.split(' ')
        return [name, sources]
      }),
    )
    expect(directives.get('default-src')).toEqual(["'none'"])
    expect(directives.get('script-src')).toEqual(["'self'"])
    expect(directives.get('connect-src')).toEqual(["'self'"])
    for (const sources of directives.values()) {
      for (const source of sources) expect(["'self'", "'none'", 'data:']).toContain(source)
    }
    const html = await page.text()
    expect(html).not.toMatch(/<script(?![^>]*src=)|<style|\son\w+=|style=/)
  })

  test('when the path ends with a slash, then it leads to the page, whose links are relative', async () => {
    const response = await fetch(`${app.url}/docs/`, { redirect: 'manual' })
    expect(response.status).toBe(301)
    expect(new URL(response.headers.get('location')!, `${app.url}/docs/`).pathname).toBe('/docs')
  })

  test.each(['package.json', 'swagger-ui.js', '..%2fpackage.json', '%2e%2e%2f%2e%2e%2fpackage.json'])(
    'when %s is asked for, then 404',
    async (file) => {
      expect((await fetch(`${app.url}/docs/${file}`)).status).toBe(404)
    },
  )
})
