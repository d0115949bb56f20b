import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { readBundle } from '@repo/model-bundle'
import { axe, describeWithBrowser, screenshot } from './browser.js'
import { sampleBundle, startApp } from './support.js'

const KEY = 'the-key-of-this-test'

async function sample(): Promise<Buffer> {
  const { manifest } = await readBundle(sampleBundle)
  return readFile(join(sampleBundle, manifest.samples[0]!.file))
}

describeWithBrowser('the demo page, when things go wrong,', (open) => {
  test('when a file is no image, is damaged or is too large, then it says so in words, in both languages', async () => {
    const app = await startApp({ limits: { bodyBytes: 50_000 } })
    try {
      const { page } = await open(app.url)
      const image = await sample()
      await page.getByLabel('Choose images').setInputFiles([
        { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('not an image') },
        { name: 'damaged.png', mimeType: 'image/png', buffer: image.subarray(0, 120) },
        { name: 'large.png', mimeType: 'image/png', buffer: Buffer.concat([image, Buffer.alloc(60_000)]) },
      ])
      const words = (name: string) => page.getByRole('article', { name }).locator('.failure')
      const expected = [
        [
          'notes.txt',
          'This file is not an image that can be read.',
          '该文件不是可识别的图片。',
          'image-unsupported',
        ],
        ['damaged.png', 'The image is damaged.', '图片已损坏。', 'image-undecodable'],
        ['large.png', 'The file is too large.', '文件太大。', 'body-too-large'],
      ] as const
      for (const [name, english, , code] of expected) {
        await words(name).getByText(english).waitFor()
        expect(await words(name).innerText()).toContain(code)
      }
      expect(await axe(page)).toEqual([])
      await page
        .locator('#results')
        .evaluate((element: { scrollIntoView(): void }) => element.scrollIntoView())
      await screenshot(page, 'demo-errors')
      await page.getByText('中文').click()
      for (const [name, , chinese] of expected) await words(name).getByText(chinese).waitFor()
    } finally {
      await app.close()
    }
  })

  test('when the model is loading, then it says so, and goes on by itself once it is ready', async () => {
    const app = await startApp({ loading: true })
    try {
      const { page } = await open(app.url)
      await page.getByText('The model is still loading').waitFor()
      await page
        .getByLabel('Choose images')
        .setInputFiles([{ name: 'boot.png', mimeType: 'image/png', buffer: await sample() }])
      await page.getByText('The model is not ready yet.').waitFor()
      expect(await page.getByRole('button', { name: 'Send continuously' }).isEnabled()).toBe(true)
      await app.service.start()
      await page.getByText('Ready', { exact: true }).waitFor()
      await page.getByRole('button', { name: 'Try again' }).click()
      await page.getByText('Ankle boot', { exact: true }).first().waitFor()
      expect(await page.getByText('The model is still loading').count()).toBe(0)
    } finally {
      await app.close()
    }
  })

  test('when keys are wanted, then it asks for one, keeps it in this tab only, and never shows it', async () => {
    const app = await startApp({ app: { apiKeys: [KEY] } })
    try {
      const { page } = await open(app.url)
      const field = page.getByLabel('API key', { exact: true })
      await field.fill('a-key-that-is-wrong')
      await page.keyboard.press('Enter')
      await page.getByText('The server does not know this key.').waitFor()
      expect(await axe(page)).toEqual([])
      await field.fill(KEY)
      await page.keyboard.press('Enter')
      await page.getByRole('button', { name: 'Sample: Ankle boot' }).first().click()
      await page.getByText('✓ correct').waitFor()
      await page.getByText('The request as curl').click()
      expect(await page.locator('.curl code').innerText()).toContain('-H "Authorization: Bearer $API_KEY"')
      expect(await page.content()).not.toContain(KEY)
      expect(await page.evaluate('[JSON.stringify(localStorage), document.cookie].join()')).not.toContain(KEY)
      await page.reload()
      await page.getByText('Ready', { exact: true }).waitFor()
    } finally {
      await app.close()
    }
  })

  test('when the server goes away, then it says so, and comes back with it', async () => {
    const app = await startApp()
    const { page } = await open(app.url)
    const sample = page.getByRole('button', { name: /^Sample:/ }).first()
    // The page is ready before it has the samples; cut off between the two, it would have nothing to click.
    await sample.waitFor()
    await page.context().setOffline(true)
    await sample.click()
    await page.getByText('The server could not be reached.').waitFor()
    await page.context().setOffline(false)
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByText('✓ correct').waitFor()
    await app.close()
  })
})
