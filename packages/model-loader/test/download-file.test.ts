import { randomBytes } from 'node:crypto'
import { open, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { sha256 } from '@repo/model-bundle'
import { temporaryFolders } from '@repo/testing'
import { BlockWriter } from '../src/block-writer.js'
import { downloadFile, Slots } from '../src/download-file.js'
import { StoreError } from '../src/index.js'
import { folderStore } from './helpers/stores.js'

const temporaryFolder = temporaryFolders()
const wrong = (expected: string, found: string) => new StoreError('integrity', `${expected}, not ${found}`)
/** More than what tells the speed, several ranges and blocks, and a rest. */
const BYTES = 30_000_001

/** One file in a store, and what its download asks for. */
async function stored(fault: (start: number) => void = () => {}) {
  const { store, put } = folderStore(await temporaryFolder())
  const data = randomBytes(BYTES)
  await put('a/data', data)
  const asked: number[] = []
  const watched = Object.create(store, {
    readRange: {
      value: (key: string, start: number, end: number, signal: AbortSignal) => {
        asked.push(start)
        fault(start)
        return store.readRange(key, start, end, signal)
      },
    },
  })
  const to = join(await temporaryFolder(), 'data')
  const file = { bytes: BYTES, sha256: sha256(data) }
  const download = (quick: number) =>
    downloadFile({
      ...{ store: watched, key: 'a/data', file, to, quick },
      ...{ slots: new Slots(), onBytes: () => {}, wrong, signal: new AbortController().signal },
    })
  return { data, asked, to, download }
}

test('when the store is quick, then a file comes in one stream', async () => {
  const { data, asked, to, download } = await stored()
  expect(await download(0)).toBe(BYTES)
  expect(asked).toEqual([0])
  expect((await readFile(to)).equals(data)).toBe(true)
})

test('when the store is slow, then the rest comes in ranges', async () => {
  const { data, asked, to, download } = await stored()
  expect(await download(Number.POSITIVE_INFINITY)).toBe(BYTES)
  expect(asked.length).toBeGreaterThan(3)
  expect((await readFile(to)).equals(data)).toBe(true)
})

test('when a range fails, then what came before it is kept, and another try asks only for the rest', async () => {
  let isDown = true
  const { data, to, download } = await stored((start) => {
    if (isDown && start > 20_000_000) throw new StoreError('unreachable', 'down')
  })
  await expect(download(Number.POSITIVE_INFINITY)).rejects.toMatchObject({ message: 'down' })
  const { length } = await readFile(to)
  expect(data.subarray(0, length).equals(await readFile(to))).toBe(true)
  expect(length).toBeGreaterThan(8_000_000)
  isDown = false
  expect(await download(Number.POSITIVE_INFINITY)).toBe(BYTES - length)
  expect((await readFile(to)).equals(data)).toBe(true)
})

test.each([1, 4096, 5_000_001])(
  'when %d bytes are there already, then only the rest comes',
  async (there) => {
    const { data, to, download } = await stored()
    await writeFile(to, data.subarray(0, there))
    expect(await download(0)).toBe(BYTES - there)
    expect((await readFile(to)).equals(data)).toBe(true)
  },
)

test('when what is there is of another file, or too long, then everything comes anew', async () => {
  const { data, to, download } = await stored()
  for (const length of [1000, BYTES + 1]) {
    await writeFile(to, randomBytes(length))
    await download(0)
    expect((await readFile(to)).equals(data)).toBe(true)
  }
})

test('when a disk refuses what bypasses the page cache, then it is written as usual', async () => {
  const data = randomBytes(9_000_001)
  const path = join(await temporaryFolder(), 'data')
  const handle = await open(path, 'w+')
  const writer = await BlockWriter.open(path, handle, 0, data.length)
  let refused = 0
  const write = async () => {
    refused++
    throw Object.assign(new Error('EINVAL: invalid argument, write'), { code: 'EINVAL', syscall: 'write' })
  }
  Object.assign(writer, { direct: { write, close: async () => {} } })
  for (let at = 0; at < data.length; at += 65_537) await writer.append(data.subarray(at, at + 65_537))
  await writer.close()
  await handle.close()
  expect(refused).toBe(1)
  expect((await readFile(path)).equals(data)).toBe(true)
})
