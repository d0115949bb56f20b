import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { readBundle } from '@repo/model-bundle'
import { temporaryFolders } from '@repo/testing'
import type { Page } from 'playwright-core'
import { axe, describeWithBrowser, screenshot } from './browser.js'
import { type ScoreAnswer, sampleBundle, startApp, type TestApp } from './support.js'

const temporaryFolder = temporaryFolders()

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 }

let app: TestApp
let boot: { name: string; mimeType: string; buffer: Buffer }
beforeAll(async () => {
  const imageDigest = 'sha256:9f2c1e0d5b7a43868a1bb0c94d3e57f21c6d8e9fa0b1c2d3e4f5061728394a5b'
  const version = { version: '1.0.0', commit: '2b1e7c4', imageDigest, pod: 'inference-7c9f8d-x2x7k' }
  app = await startApp({ app: { version } })
  const { manifest } = await readBundle(sampleBundle)
  const buffer = await readFile(join(sampleBundle, manifest.samples[0]!.file))
  boot = { name: 'my boot.png', mimeType: 'image/png', buffer }
})
afterAll(() => app.close())

const results = (page: Page) => page.locator('article')
const choose = (page: Page, ...files: (typeof boot)[]) =>
  page.getByLabel('Choose images').setInputFiles(files)

/** A DataTransfer with a file in it, as the browser makes one for a paste or a drop. */
const transfer = (page: Page) =>
  page.evaluateHandle<DataTransferLike>(
    `(() => {
      const bytes = Uint8Array.from(atob('${boot.buffer.toString('base64')}'), (letter) => letter.charCodeAt(0))
      const data = new DataTransfer()
      data.items.add(new File([bytes], 'dropped.png', { type: 'image/png' }))
      return data
    })()`,
  )
type DataTransferLike = object

describeWithBrowser('the demo page', (open) => {
  test('when it is opened, then it is small, complete, and breaks no rule', async () => {
    const { page, errors, loaded } = await open(app.url)
    await page.getByRole('heading', { name: 'Confusion matrix' }).waitFor()
    const samples = page.getByRole('button', { name: /^Sample:/ })
    await samples.first().waitFor()
    expect(await samples.count()).toBe(20)
    await page.waitForLoadState('networkidle')

    const own = loaded.filter(({ path }) => path === '/' || path.startsWith('/assets/'))
    expect(own.map(({ path }) => path.replace(/-[\w-]{8}\./, '.')).sort()).toEqual([
      '/',
      '/assets/icon.svg',
      '/assets/index.css',
      '/assets/index.js',
    ])
    // As they are sent: without any compression.
    expect(own.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(60_000)
    expect(loaded).toHaveLength(own.length + 2 + 20)
    expect(errors).toEqual([])
  })

  test('when a sample is clicked, then the answer, its time, what the model saw and who answered are shown', async () => {
    const { page, errors } = await open(app.url)
    await page.getByRole('button', { name: 'Sample: Ankle boot' }).first().click()
    const result = results(page)
    await result.getByText('✓ correct').waitFor()
    const text = await result.innerText()
    for (const part of [/Ankle boot\s+99\.\d %/, /queue \d/, /decode \d/, /inference \d/, /in all \d/]) {
      expect(text).toMatch(part)
    }
    expect(text).toContain('Answered by model 2.0.0 in pod inference-7c9f8d-x2x7k')
    const seen = result.locator('img.seen')
    await seen.waitFor()
    expect(await seen.evaluate((image: { naturalWidth: number }) => image.naturalWidth)).toBe(28)
    const facts = await page.getByRole('complementary').innerText()
    for (const fact of ['1.0.0', '2b1e7c4', 'sha256:9f2c', 'inference-7c9f8d-x2x7k', 'fashion-mnist 2.0.0'])
      expect(facts).toContain(fact)
    expect(errors).toEqual([])
  })

  test('when images are chosen, several at once, then each is answered', async () => {
    const { page } = await open(app.url)
    await choose(page, boot, { ...boot, name: 'second.png' })
    await expect(answers(page, 2)).resolves.toEqual(['Ankle boot', 'Ankle boot'])
    expect(await page.getByRole('article', { name: 'second.png' }).count()).toBe(1)
  })

  test('when an image is dropped anywhere, then it is answered', async () => {
    const { page } = await open(app.url)
    const dataTransfer = await transfer(page)
    await page.dispatchEvent('footer, main', 'dragover', { dataTransfer })
    await page.getByText('Let go to classify').waitFor()
    await page.dispatchEvent('main', 'drop', { dataTransfer })
    await expect(answers(page, 1)).resolves.toEqual(['Ankle boot'])
  })

  test('when an image is pasted with the keyboard, then it is answered', async () => {
    const { page } = await open(app.url, { permissions: ['clipboard-read', 'clipboard-write'] })
    await page.evaluate(
      `(async () => {
        const image = await fetch('data:image/png;base64,${boot.buffer.toString('base64')}').catch(() => undefined)
        const bytes = Uint8Array.from(atob('${boot.buffer.toString('base64')}'), (letter) => letter.charCodeAt(0))
        await navigator.clipboard.write([new ClipboardItem({ 'image/png': new Blob([bytes], { type: 'image/png' }) })])
      })()`,
    )
    await page.keyboard.press('Control+V')
    await expect(answers(page, 1)).resolves.toEqual(['Ankle boot'])
  })

  test('when it is a phone, then its camera is offered, and what it takes is answered', async () => {
    const { page, errors } = await open(app.url, PHONE)
    const [chooser] = await Promise.all([
      page.waitForEvent('filechooser'),
      page.getByRole('button', { name: 'Take a photo' }).tap(),
    ])
    expect(await chooser.element().getAttribute('capture')).toBe('environment')
    await chooser.setFiles([{ ...boot, name: 'photo.png' }])
    await expect(answers(page, 1)).resolves.toEqual(['Ankle boot'])
    await page.locator('img.seen').waitFor()
    const wider = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
    expect(wider).toBeLessThanOrEqual(0)
    expect(await axe(page)).toEqual([])
    await page.locator('article').evaluate(toBottom)
    await screenshot(page, 'demo-phone')
    expect(errors).toEqual([])
  })

  test('when the shown curl command is run, then it gives the same answer', async () => {
    const folder = await temporaryFolder()
    const { page } = await open(app.url, { permissions: ['clipboard-read', 'clipboard-write'] })
    const name = `it's "my" boot; really.png`
    await writeFile(join(folder, name), boot.buffer)
    await page.getByRole('button', { name: 'Sample: Ankle boot' }).first().click()
    await choose(page, { ...boot, name })
    await answers(page, 2)
    for (const result of await results(page).all()) {
      await result.getByText('The request as curl').click()
      await result.getByRole('button', { name: 'Copy' }).click()
      await result.getByRole('button', { name: 'Copied' }).waitFor()
      const command = await page.evaluate<string>('navigator.clipboard.readText()')
      const { stdout } = await promisify(execFile)('bash', ['-c', command], { cwd: folder })
      expect((JSON.parse(stdout) as ScoreAnswer).result[0][0]![0]![0]).toBe('Ankle boot')
    }
  })

  test('when only the keyboard is used, then everything can be reached and used', async () => {
    const { page } = await open(app.url)
    await page
      .getByRole('button', { name: /^Sample:/ })
      .first()
      .waitFor()
    await page.keyboard.press('Tab')
    expect(await focused(page)).toBe('Skip to the content')
    const reached: string[] = []
    for (let presses = 0; presses < 60 && !reached.includes('Confusion matrix'); presses++) {
      await page.keyboard.press('Tab')
      reached.push(await focused(page))
    }
    for (const name of ['English', 'Choose images', 'Send continuously', 'Confusion matrix'])
      expect(reached).toContain(name)

    await page.getByRole('button', { name: 'Sample: Ankle boot' }).first().focus()
    await page.keyboard.press('Enter')
    await expect(answers(page, 1)).resolves.toEqual(['Ankle boot'])
    await page.getByRole('button', { name: 'Remove: Sample: Ankle boot' }).focus()
    await page.keyboard.press('Space')
    await page.getByText('Answers appear here').waitFor()
  })

  test('when the language is changed, then all words are, and it is remembered', async () => {
    const { page } = await open(app.url)
    await page.getByText('中文').click()
    await page.getByRole('heading', { name: '给模型看一张图片' }).waitFor()
    expect(await page.evaluate('document.documentElement.lang')).toBe('zh-CN')
    await page.reload()
    await page.getByRole('button', { name: '样例：Ankle boot' }).first().click()
    await page.getByText('✓ 正确').waitFor()
    await page.locator('img.seen').waitFor()
    expect(await axe(page)).toEqual([])
    await screenshot(page, 'demo-chinese')
    // What is left in Latin letters are names.
    const words = (
      await page.locator('h1, h2, h3, button, dt, label, .hint, figcaption').allInnerTexts()
    ).join(' ')
    for (const english of ['Result', 'Send', 'Copy', 'Version', 'Drop', 'requests'])
      expect(words).not.toContain(english)
  })

  test('when the browser prefers Chinese, then so does the page', async () => {
    const { page } = await open(app.url, { locale: 'zh-CN' })
    await page.getByRole('heading', { name: '给模型看一张图片' }).waitFor()
  })

  test.each(['light', 'dark'] as const)(
    'when the system is %s, then so is the page, and axe finds nothing',
    async (colorScheme) => {
      const { page, errors } = await open(app.url, { colorScheme, viewport: { width: 1280, height: 1000 } })
      await page.getByRole('button', { name: 'Sample: Shirt' }).first().click()
      await page.getByRole('button', { name: 'Sample: Ankle boot' }).first().click()
      await answers(page, 2)
      await page.locator('img.seen').nth(1).waitFor()
      const background = await page.evaluate<string>('getComputedStyle(document.body).backgroundColor')
      const brightness = Number(/\d+/.exec(background)?.[0])
      expect(brightness > 128).toBe(colorScheme === 'light')
      expect(await axe(page)).toEqual([])
      if (colorScheme === 'dark') await page.locator('.model').evaluate(toBottom)
      await screenshot(page, `demo-${colorScheme}`)
      expect(errors).toEqual([])
    },
  )
})

/** Runs in the page: scrolls until the element ends where the window does. */
const toBottom = (element: { scrollIntoView(options: object): void }) =>
  element.scrollIntoView({ block: 'end' })

/** The first label of each result, once there are so many. */
async function answers(page: Page, count: number): Promise<string[]> {
  const labels = page.locator('.labels li:first-child > span:first-child')
  await labels.nth(count - 1).waitFor()
  return labels.allInnerTexts()
}

/** The accessible name, more or less, of what has the focus. */
function focused(page: Page): Promise<string> {
  return page.evaluate<string>(`(() => {
    const element = document.activeElement
    const label = element.getAttribute('aria-labelledby')
    return label ? document.getElementById(label).innerText
      : element.getAttribute('aria-label') ?? element.labels?.[0]?.innerText ?? element.querySelector('img')?.alt ?? element.innerText
  })()`)
}
