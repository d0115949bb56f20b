import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const docs = readFileSync(join(ROOT, 'docs/pipelines.md'), 'utf8')
const quotes = [...docs.matchAll(/^```yaml (\S+)\n(.*?)^```$/gms)].map(([, file = '', text = '']) => ({
  file,
  text,
}))

test('when docs/pipelines.md shows YAML, then each block names its file', () => {
  expect(quotes.length).toBeGreaterThan(10)
  expect(docs.match(/^```yaml/gm)).toHaveLength(quotes.length)
})

test.each(quotes)(
  'when docs/pipelines.md quotes $file, then the file holds those very lines',
  ({ file, text }) => {
    expect(readFileSync(join(ROOT, file), 'utf8')).toContain(text)
  },
)
