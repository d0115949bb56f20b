import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { fetchModel } from '@repo/model-loader'
import { describeWithAssets, temporaryFolders } from '@repo/testing'
import { describeWithBrowser, screenshot } from './browser.js'
import { startApp } from './support.js'

const temporaryFolder = temporaryFolders()

describeWithAssets('the demo page with an ImageNet model', (assets) => {
  describeWithBrowser('and photos', (open) => {
    test('when photos are chosen, then it shows what they are, and the square that the model saw', async () => {
      const modelFolder = join(await temporaryFolder(), 'mobilenet')
      await fetchModel('mobilenetv2-12-int8', { cacheFolder: join(assets, 'models'), target: modelFolder })
      const app = await startApp({
        pool: { modelFolder },
        app: { version: { version: '1.0.0', commit: '2b1e7c4' } },
      })
      try {
        const { page, errors } = await open(app.url, { viewport: { width: 1280, height: 760 } })
        await page.getByText('Ready', { exact: true }).waitFor()
        // This model brings no samples.
        expect(await page.getByRole('button', { name: 'Send continuously' }).isDisabled()).toBe(true)
        const best = (name: string) => page.getByRole('article', { name }).locator('.labels li').first()
        const choose = (name: string) =>
          page.getByLabel('Choose images').setInputFiles(join(assets, 'photos', name))
        await choose('chelsea.png')
        await best('chelsea.png').getByText('Egyptian cat').waitFor()
        const seen = page.locator('img.seen')
        await seen.waitFor()
        expect(await seen.evaluate((image: { naturalWidth: number }) => image.naturalWidth)).toBe(224)
        expect(await page.getByRole('button', { name: 'Send continuously' }).isEnabled()).toBe(true)
        await screenshot(page, 'demo-photo')
        await choose('parrot.jpg')
        await best('parrot.jpg').getByText('macaw').waitFor()
        expect(errors).toEqual([])
      } finally {
        await app.close()
      }
    })
  })
})
