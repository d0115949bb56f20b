import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { temporaryFolders } from '@repo/testing'
import { type Watching, watchFolders } from '../src/watch.js'

const temporaryFolder = temporaryFolders()
let folder = ''
let watching: Watching
let changed: string[] = []
let removed: string[] = []
let look = () => {}

beforeEach(async () => {
  folder = await temporaryFolder()
  changed = []
  removed = []
  await mkdir(join(folder, 'sub'))
  await writeFile(join(folder, 'sub/a.ts'), 'one')
  watching = await watchFolders([folder], (changes) => {
    changed.push(...changes.changed)
    removed.push(...changes.removed)
    look()
  })
})

afterEach(() => watching.close())

/** Resolves once the path was reported, and forgets it. */
async function reported(list: () => string[], path: string): Promise<void> {
  while (!list().includes(path)) {
    await new Promise<void>((resolve) => {
      look = resolve
    })
  }
  list().splice(0)
}
const change = (path: string) => reported(() => changed, path)
const removal = (path: string) => reported(() => removed, path)

describe('watchFolders', () => {
  test('when a file is written, then it is reported', async () => {
    const path = join(folder, 'sub/a.ts')
    await writeFile(path, 'two')
    await change(path)
  })

  test('when an editor replaces a file again and again, then each time it is reported', async () => {
    const path = join(folder, 'sub/a.ts')
    for (const content of ['two', 'three', 'four']) {
      await writeFile(`${path}~`, content)
      await rename(`${path}~`, path)
      await change(path)
    }
    await writeFile(path, 'in place')
    await change(path)
  })

  test('when folders are made later, then files in them are reported, those made at once too', async () => {
    const path = join(folder, 'new/deep/b.ts')
    await mkdir(join(folder, 'new/deep'), { recursive: true })
    await writeFile(path, 'one')
    await change(path)
    await writeFile(path, 'two')
    await change(path)
  })

  test('when a file or its folder is removed and comes back, then both are reported', async () => {
    const path = join(folder, 'sub/a.ts')
    await rm(path)
    await removal(path)
    await writeFile(path, 'again')
    await change(path)
    await rm(join(folder, 'sub'), { recursive: true })
    await removal(path)
    await mkdir(join(folder, 'sub'))
    await writeFile(path, 'once more')
    await change(path)
  })

  test('when a folder is renamed, then its files are reported gone and new, and later changes too', async () => {
    await rename(join(folder, 'sub'), join(folder, 'other'))
    await change(join(folder, 'other/a.ts'))
    expect(removed).toContain(join(folder, 'sub/a.ts'))
    await writeFile(join(folder, 'other/a.ts'), 'two')
    await change(join(folder, 'other/a.ts'))
  })
})
