import { readFile } from 'node:fs/promises'
import { describe, expect, test } from '@jest/globals'
import { parseMarkdown } from '@repo/docs-test/markdown'
import { transform } from '@swc/core'

const page = new URL('../../../docs/customise.md', import.meta.url)

describe('docs/customise.md', () => {
  test('when its text is made a tensor, then each word is counted once, whatever its case', async () => {
    const { blocks } = parseMarkdown(await readFile(page, 'utf8'))
    const source = blocks.find(({ content }) => content.includes('function textTensor'))?.content ?? ''
    const { code } = await transform(source, { jsc: { target: 'es2023', parser: { syntax: 'typescript' } } })
    const url = `data:text/javascript,${encodeURIComponent(code)}`
    const { textTensor } = (await import(url)) as { textTensor(text: string, features: number): Float32Array }
    const tensor = textTensor('Good, good coffee! 好', 64)
    expect(tensor).toHaveLength(64)
    expect([...tensor].sort().slice(-3)).toEqual([1, 1, 2])
    expect(tensor[fnv1a('good') % 64]).toBe(2)
  })
})

/** Written another way than the page's: with big integers. */
function fnv1a(word: string): number {
  let hash = 0x811c9dc5n
  for (const byte of Buffer.from(word)) hash = ((hash ^ BigInt(byte)) * 0x01000193n) % 2n ** 32n
  return Number(hash)
}
