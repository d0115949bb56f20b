import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { sampleBundles } from '@repo/sample-model'
import { axe, describeWithBrowser, screenshot } from './browser.js'
import { type RoundRobin, roundRobin } from './proxy.js'
import { startApp, type TestApp } from './support.js'

let apps: TestApp[]
let proxy: RoundRobin
beforeAll(async () => {
  apps = await Promise.all(
    sampleBundles.map((modelFolder, index) => {
      const pod = ['inference-5d4c-9qk2p', 'inference-canary-77f-zt6wl'][index]!
      return startApp({
        pool: { modelFolder },
        app: { version: { version: '1.0.0', commit: '2b1e7c4', pod } },
      })
    }),
  )
  const [stable, canary] = apps.map(({ url }) => url) as [string, string]
  proxy = await roundRobin(stable, stable, stable, canary)
})
afterAll(async () => {
  await proxy.close()
  for (const app of apps) await app.close()
})

describeWithBrowser('live traffic', (open) => {
  test('when one of four requests meets a canary, then the strip, the legend and the figures show it', async () => {
    const { page, errors } = await open(proxy.url, { viewport: { width: 1280, height: 900 } })
    await page.getByRole('combobox').selectOption('25')
    await page.getByRole('button', { name: 'Send continuously' }).click()
    const marks = page.locator('.marks span')
    await marks.nth(119).waitFor()
    const seconds = page.locator('.chart path.p50[d*="L"]')
    await seconds.waitFor({ state: 'attached' })

    const colours = await marks.evaluateAll<string[], ElementLike>((all) =>
      all.map(({ style }) => style.background),
    )
    const counts = new Map<string, number>()
    for (const colour of colours) counts.set(colour, (counts.get(colour) ?? 0) + 1)
    expect(counts.size).toBe(2)
    const canary = Math.min(...counts.values()) / colours.length
    expect(canary).toBeGreaterThan(0.2)
    expect(canary).toBeLessThan(0.3)
    const legend = await page.locator('.legend li').allInnerTexts()
    expect(legend.map((line) => line.replace(/\s+\d+ %$/, '')).sort()).toEqual([
      '1.0.0 · inference-5d4c-9qk2p',
      '2.0.0 · inference-canary-77f-zt6wl',
    ])
    const figures = (await page.locator('.tiles').innerText()).replaceAll(/\s+/g, ' ')
    expect(figures).toMatch(/^Rate [\d.]+ \/s Answers \d+ Failures 0 p50 [\d.]+ ms p99 [\d.]+ ms$/)
    await page.locator('.live').scrollIntoViewIfNeeded()
    await screenshot(page, 'demo-canary')
    expect(await axe(page)).toEqual([])
    expect(errors).toEqual([])

    await page.getByRole('button', { name: 'Stop' }).click()
    const before = await page.locator('.tiles').innerText()
    await page.waitForTimeout(600)
    expect(await page.locator('.tiles').innerText()).toBe(before)
  })

  test('when an update rolls out and one pod is away, then the failures are counted and told', async () => {
    const [stable, canary] = apps.map(({ url }) => url) as [string, string]
    proxy.targets = [stable]
    const { page } = await open(proxy.url)
    await page.getByRole('complementary').getByText('fashion-mnist 1.0.0').waitFor()
    await page.getByRole('combobox').selectOption('25')
    await page.getByRole('button', { name: 'Send continuously' }).click()
    const legend = page.locator('.legend')
    await legend.getByText('100 %').waitFor()
    // Nobody listens at port 1.
    proxy.targets = [canary, 'http://127.0.0.1:1']
    await legend.getByText('failed').waitFor()
    await page.getByText('Something between this page and the app gave an unexpected answer.').waitFor()
    expect(await page.locator('.marks .failed').count()).toBeGreaterThan(0)
    expect(await axe(page)).toEqual([])
    proxy.targets = [canary]
    // In the end only the new version is left, and the page speaks of it.
    await legend.getByText(/^2\.0\.0.*100 %$/).waitFor()
    await page.getByRole('complementary').getByText('fashion-mnist 2.0.0').waitFor()
    await page.locator('.lead').getByText('2.0.0').waitFor()
    expect(await page.locator('.tile.bad').innerText()).toMatch(/Failures\s+[1-9]/)
  })
})

interface ElementLike {
  style: { background: string }
}
