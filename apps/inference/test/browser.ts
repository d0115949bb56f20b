import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe } from '@jest/globals'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { chromiumPath, screenshotsFolder } from './env.js'

/** An open page and what it did. */
export interface OpenPage {
  page: Page
  /** Everything the console called an error, and every breach of the page's policy. */
  errors: string[]
  /** Path and bytes of everything that was loaded. */
  loaded: { path: string; bytes: number }[]
}

export type OpenPageOptions = BrowserContextOptions

/** A `describe` with a real browser. Where there is none it is skipped, and its title says so. */
export function describeWithBrowser(
  title: string,
  body: (open: (url: string, options?: OpenPageOptions) => Promise<OpenPage>) => void,
): void {
  if (!existsSync(chromiumPath)) {
    describe.skip(`${title} [skipped: there is no ${chromiumPath}; CHROMIUM_PATH may name another]`, () =>
      body(() => Promise.reject(new Error('no browser'))))
    return
  }
  describe(title, () => {
    let browser: Browser
    beforeAll(async () => {
      browser = await chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox'] })
    })
    afterEach(() => Promise.all(browser.contexts().map((context) => context.close())))
    afterAll(() => browser.close())
    body((url, options) => openPage(browser, url, options))
  })
}

async function openPage(browser: Browser, url: string, options: OpenPageOptions = {}): Promise<OpenPage> {
  const context = await browser.newContext({
    locale: 'en-GB',
    viewport: { width: 1280, height: 900 },
    ...options,
  })
  const page = await context.newPage()
  page.setDefaultTimeout(60_000)
  const errors: string[] = []
  const loaded: OpenPage['loaded'] = []
  // Breaches of the policy come as errors of the console.
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text())
  })
  page.on('pageerror', (error) => errors.push(error.message))
  page.on('response', (response) => {
    // The page's own memory has URLs too.
    if (!response.url().startsWith('http')) return
    const bytes = Number(response.headers()['content-length'] ?? 0)
    loaded.push({ path: new URL(response.url()).pathname, bytes })
  })
  await page.goto(url)
  return { page, errors, loaded }
}

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js')

/** What axe finds serious or critical: rule and element. */
export async function axe(page: Page): Promise<string[]> {
  await page.evaluate(await readFile(AXE, 'utf8'))
  const found = await page.evaluate<Violation[]>(
    `axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'best-practice'] }).then(({ violations }) => violations)`,
  )
  return found
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`))
}

interface Violation {
  id: string
  impact: string
  nodes: { html: string; failureSummary: string }[]
}

/** Keeps what the page looks like. */
export function screenshot(page: Page, name: string, fullPage = false): Promise<Buffer> {
  return page.screenshot({ path: join(screenshotsFolder, `${name}.png`), fullPage, animations: 'disabled' })
}
