import { readFile } from 'node:fs/promises'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { environmentSchema } from '../src/env.js'
import { REJECTIONS } from '../src/http/problem.js'
import { startApp } from './support.js'

let text: string
beforeAll(async () => {
  text = await readFile(new URL('../../../docs/serving.md', import.meta.url), 'utf8')
})

/** The rows of the table below a heading, cell by cell, without the table's own head. */
function table(heading: string): string[][] {
  const section = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? ''
  const rows = section.split('\n').filter((line) => line.startsWith('| `'))
  return rows.map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
}
const bare = (cell = '') => cell.replaceAll('`', '')

describe('docs/serving.md', () => {
  test('when its settings are read, then they are those of the app, with the same defaults', () => {
    const defaults: Record<string, unknown> = environmentSchema.parse({})
    const expected = Object.keys(environmentSchema.shape).map((name) => {
      const value = defaults[name]
      return [name, value === undefined || typeof value === 'object' ? 'none' : String(value)]
    })
    expect(table('Settings').map(([name, value]) => [bare(name), bare(value)])).toEqual(expected)
  })

  test("when its metrics are read, then they are the app's own, with the same types and labels", async () => {
    const app = await startApp()
    await (await fetch(app.url)).text()
    const scraped = await (await fetch(`${app.url}/metrics`)).text()
    await app.close()
    const types = [...scraped.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name = '', type = '']) => [
      name,
      type,
    ])
    const own = types.filter(([name]) => !/^(process|nodejs)_/.test(name!))
    const labelsOf = (name: string) => {
      const sample = new RegExp(`^${name}(?:_count|_total)?\\{(.*)\\}`, 'm').exec(scraped)?.[1] ?? ''
      return [...sample.matchAll(/(\w+)=/g)].map(([, label]) => label).join(', ')
    }
    const expected = own.map(([name, type]) => [name, type, labelsOf(name!)])
    const documented = table('Metrics').map(([name, type, labels]) => [bare(name), type, bare(labels)])
    expect(documented.sort()).toEqual(expected.sort())
    for (const reason of REJECTIONS) expect(text).toContain(`\`${reason}\``)
  })
})
