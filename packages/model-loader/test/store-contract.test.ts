import { randomBytes } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { sha256 } from '@repo/model-bundle'
import { temporaryFolders } from '@repo/testing'
import { bytesContent } from '../src/content.js'
import type { Content, ModelStore } from '../src/index.js'
import { describeStores } from './helpers/stores.js'

const temporaryFolder = temporaryFolders()
const text = (value: string) => bytesContent(Buffer.from(value))
const create = { ifNoneMatch: '*' } as const

async function readText(store: ModelStore, key: string) {
  return (await store.read(key))?.data.toString()
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const copies: Buffer[] = []
  for await (const chunk of chunks) copies.push(Buffer.from(chunk))
  return Buffer.concat(copies)
}

/** In chunks of a reused buffer, as files are read. */
function reusing(data: Buffer, chunkBytes: number): Content {
  return {
    bytes: data.length,
    sha256: sha256(data),
    async *open() {
      const buffer = Buffer.alloc(chunkBytes)
      for (let at = 0; at < data.length; at += chunkBytes) {
        const length = data.copy(buffer, 0, at, at + chunkBytes)
        yield buffer.subarray(0, length)
        buffer.fill(0)
      }
    },
  }
}

describeStores('a model store', temporaryFolder, (open) => {
  test('when an object is created, then it can be looked up, read and read in ranges', async () => {
    const { store } = await open()
    const written = await store.write('a/1.0.0/x.txt', text('hello world'), create)
    const found = await store.read('a/1.0.0/x.txt')
    expect(found?.data.toString()).toBe('hello world')
    expect(found?.info).toMatchObject({ key: 'a/1.0.0/x.txt', bytes: 11, etag: written?.etag })
    expect(await store.head('a/1.0.0/x.txt')).toMatchObject({ bytes: 11, etag: written?.etag })
    expect((await collect(store.readRange('a/1.0.0/x.txt', 6, 9))).toString()).toBe('wor')
    expect((await collect(store.readRange('a/1.0.0/x.txt', 6, 99))).toString()).toBe('world')
    expect(await collect(store.readRange('a/1.0.0/x.txt', 50, 99))).toHaveLength(0)
  })

  test('when an object is not there, then looking and reading say so', async () => {
    const { store } = await open()
    await store.write('a/here', text('x'), create)
    expect(await store.head('a/gone')).toBeUndefined()
    expect(await store.read('a/gone')).toBeUndefined()
    expect(await store.read('a/here/below')).toBeUndefined()
    await expect(collect(store.readRange('a/gone', 0, 1))).rejects.toMatchObject({ code: 'not-found' })
  })

  test('when an object is created twice, then the second write does nothing', async () => {
    const { store } = await open()
    await store.write('a/x', text('first'), create)
    expect(await store.write('a/x', text('second'), create)).toBeUndefined()
    expect(await readText(store, 'a/x')).toBe('first')
  })

  test('when a large object is written, then every byte arrives, whatever the chunks', async () => {
    const { store } = await open()
    const data = randomBytes(9_500_000)
    await store.write('a/large', reusing(data, 300_001), create)
    expect((await store.read('a/large'))?.data.equals(data)).toBe(true)
    expect(await store.write('a/large', reusing(data, 65_536), create)).toBeUndefined()
  })

  test('when an object is replaced with its ETag, then old ETags are worth nothing', async () => {
    const { store } = await open()
    const first = await store.write('a/latest.json', text('1'), create)
    const second = await store.write('a/latest.json', text('2'), { ifMatch: first?.etag ?? '' })
    expect(second).toBeDefined()
    expect(await store.write('a/latest.json', text('3'), { ifMatch: first?.etag ?? '' })).toBeUndefined()
    const again = await store.write('a/latest.json', text('3'), { ifMatch: second?.etag ?? '' })
    expect(again?.etag).not.toBe(first?.etag)
    expect(await store.write('a/latest.json', text('4'), { ifMatch: first?.etag ?? '' })).toBeUndefined()
    expect(await readText(store, 'a/latest.json')).toBe('3')
  })

  test('when an object is deleted, then only with its ETag, and only once', async () => {
    const { store } = await open()
    const written = await store.write('a/x', text('1'), create)
    await store.write('a/y', text('2'), create)
    expect(await store.delete('a/x', '"0x8D"')).toBe(false)
    expect(await readText(store, 'a/x')).toBe('1')
    expect(await store.delete('a/x', written?.etag ?? '')).toBe(true)
    expect(await store.head('a/x')).toBeUndefined()
    expect(await store.delete('a/x', written?.etag ?? '')).toBe(false)
    expect(await readText(store, 'a/y')).toBe('2')
    expect(await store.write('a/x', text('again'), create)).toBeDefined()
  })

  test('when ten delete the same object at once, then exactly one does', async () => {
    const { store } = await open()
    const etag = (await store.write('a/x', text('1'), create))?.etag ?? ''
    await store.write('a/y', text('2'), create)
    const results = await Promise.all(Array.from({ length: 10 }, () => store.delete('a/x', etag)))
    expect(results.filter(Boolean)).toHaveLength(1)
  })

  test('when an object that is gone is to be replaced, then nothing is written', async () => {
    const { store } = await open()
    await store.write('a/other', text('x'), create)
    expect(await store.write('a/gone', text('x'), { ifMatch: '"0x8D"' })).toBeUndefined()
    expect(await store.head('a/gone')).toBeUndefined()
  })

  test('when twenty create the same object at once, then exactly one does', async () => {
    const { store } = await open()
    const racers = Array.from({ length: 20 }, (_, racer) =>
      store.write('a/x', text(`racer ${racer}`), create),
    )
    const results = await Promise.all(racers)
    expect(results.filter(Boolean)).toHaveLength(1)
    expect(await readText(store, 'a/x')).toBe(`racer ${results.findIndex(Boolean)}`)
  })

  test('when five create the same large object at once, then exactly one does, and it is whole', async () => {
    const { store } = await open()
    const contents = Array.from({ length: 5 }, () => randomBytes(9_000_000))
    const racers = contents.map((data) => store.write('a/large', reusing(data, 250_000), create))
    const results = await Promise.all(racers)
    expect(results.filter(Boolean)).toHaveLength(1)
    const winner = contents[results.findIndex(Boolean)] ?? Buffer.alloc(0)
    expect((await store.read('a/large'))?.data.equals(winner)).toBe(true)
  })

  test('when ten replace the same object at once, ten times over, then exactly one does each time', async () => {
    const { store } = await open()
    let etag = (await store.write('a/x', text('start'), create))?.etag ?? ''
    for (let round = 0; round < 10; round++) {
      const racers = Array.from({ length: 10 }, (_, racer) =>
        store.write('a/x', text(`${round} ${racer}`), { ifMatch: etag }),
      )
      const results = await Promise.all(racers)
      expect(results.filter(Boolean)).toHaveLength(1)
      expect(await readText(store, 'a/x')).toBe(`${round} ${results.findIndex(Boolean)}`)
      etag = results.find(Boolean)?.etag ?? ''
    }
  })

  test('when objects are listed, then they come in key order, below the prefix only', async () => {
    const { store } = await open()
    for (const key of ['b/1.0.0/model.json', 'a/latest.json', 'a/1.0.0/x/y.txt', 'ab/1.0.0/z']) {
      await store.write(key, text('content'), create)
    }
    const { etag = '' } = (await store.head('a/latest.json')) ?? {}
    await store.write('a/latest.json', text('moved'), { ifMatch: etag })
    const keys = async (prefix: string) => {
      const found: string[] = []
      for await (const { key } of store.list(prefix)) found.push(key)
      return found
    }
    expect(await keys('')).toEqual(['a/1.0.0/x/y.txt', 'a/latest.json', 'ab/1.0.0/z', 'b/1.0.0/model.json'])
    expect(await keys('a/')).toEqual(['a/1.0.0/x/y.txt', 'a/latest.json'])
    expect(await keys('a/1')).toEqual(['a/1.0.0/x/y.txt'])
    expect(await keys('c/')).toEqual([])
  })

  test.each([1_000, 9_000_000])(
    'when the content of %d bytes turns out wrong while it is written, then nothing is there',
    async (bytes) => {
      const { store } = await open()
      const content = {
        ...reusing(randomBytes(bytes), 100_000),
        async *open() {
          yield Buffer.alloc(bytes / 2)
          throw new Error('the file changed')
        },
      }
      await expect(store.write('a/x', content, create)).rejects.toThrow('the file changed')
      expect(await store.head('a/x')).toBeUndefined()
      const keys: string[] = []
      for await (const { key } of store.list('')) keys.push(key)
      expect(keys).toEqual([])
    },
  )

  test('when the signal is aborted, then its reason is thrown', async () => {
    const { store } = await open()
    await store.write('a/x', text('x'), create)
    const reason = new Error('enough')
    const signal = AbortSignal.abort(reason)
    await expect(store.read('a/x', signal)).rejects.toBe(reason)
    await expect(store.head('a/x', signal)).rejects.toBe(reason)
    await expect(collect(store.readRange('a/x', 0, 1, signal))).rejects.toBe(reason)
    await expect(store.write('a/y', text('y'), create, signal)).rejects.toBe(reason)
    await expect(store.list('', signal)[Symbol.asyncIterator]().next()).rejects.toBe(reason)
  })

  test('when the signal is aborted during a large write, then it ends and nothing is there', async () => {
    const { store } = await open()
    const abort = new AbortController()
    const reason = new Error('enough')
    const content = {
      ...reusing(Buffer.alloc(20_000_000), 1 << 20),
      async *open() {
        for (let chunk = 0; chunk < 20; chunk++) {
          yield Buffer.alloc(1 << 20)
          if (chunk === 12) abort.abort(reason)
        }
      },
    }
    await expect(store.write('a/x', content, create, abort.signal)).rejects.toBe(reason)
    expect(await store.head('a/x')).toBeUndefined()
  })
})
