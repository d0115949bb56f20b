import { createReadStream } from 'node:fs'
import { link, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { diskCode, onDisk, syncFolder } from './disk.js'
import { StoreError } from './errors.js'
import { isAbandoned, isOwned, ownName, release } from './ownership.js'
import type { Content, ModelStore, ObjectInfo, WriteCondition } from './store.js'

/** Where one object's bytes are now. */
interface Current {
  path: string
  generation: number
  info: ObjectInfo
}

/**
 * Models in a folder: a disk, a network share, a USB stick. Keys are file paths.
 *
 * A file system has no compare-and-swap, but it can create a name exclusively, and that is enough for any number of
 * processes, killed at any moment: to replace `latest.json`, a writer that saw generation n links its version as
 * `.latest.json~generations/<n + 1>`, which only one can. The highest generation is what counts; `latest.json` itself
 * is a copy for people. Generations are never deleted: that they cannot come back is what makes it safe. They are
 * small and also tell the history.
 */
export class FolderStore implements ModelStore {
  constructor(
    readonly url: string,
    private readonly root: string,
  ) {}

  async head(key: string, signal?: AbortSignal): Promise<ObjectInfo | undefined> {
    return this.#at(`looking up ${key}`, signal, async () => (await this.#current(key))?.info)
  }

  async read(key: string, signal?: AbortSignal) {
    return this.#at(`reading ${key}`, signal, async () => {
      const current = await this.#current(key)
      return current && { data: await readFile(current.path), info: current.info }
    })
  }

  async *readRange(key: string, start: number, end: number, signal?: AbortSignal) {
    const doing = `reading ${key}`
    const current = await this.#at(doing, signal, () => this.#current(key))
    if (!current) throw new StoreError('not-found', `${this.url}: ${doing} failed: it is not there.`)
    const options = { start, end: end - 1, highWaterMark: 1 << 20, ...(signal ? { signal } : {}) }
    try {
      for await (const chunk of createReadStream(current.path, options)) yield chunk as Buffer
    } catch (error) {
      await this.#at(doing, signal, () => Promise.reject(error))
    }
  }

  async write(key: string, content: Content, condition: WriteCondition, signal?: AbortSignal) {
    return this.#at(`writing ${key}`, signal, async () => {
      const path = this.#path(key)
      const folder = dirname(path)
      await mkdir(folder, { recursive: true })
      await removeAbandoned(folder)
      const name = ownName('store', 'upload')
      const temporary = join(folder, name)
      try {
        await writeNew(temporary, content, signal)
        const done =
          'ifMatch' in condition
            ? await this.#replace(key, temporary, condition.ifMatch)
            : await linkNew(temporary, path)
        if (!done) return undefined
        await syncFolder(folder)
      } finally {
        await rm(temporary, { force: true })
        release(name)
      }
      return (await this.#current(key))?.info
    })
  }

  async delete(key: string, etag: string, signal?: AbortSignal): Promise<boolean> {
    return this.#at(`deleting ${key}`, signal, async () => {
      const current = await this.#current(key)
      if (current?.info.etag !== etag) return false
      if (current.generation > 0) throw new StoreError('usage', `${this.url}: ${key} cannot be deleted.`)
      // Taken aside first: what another process put there in this very moment is put back.
      const name = ownName('store', 'upload')
      const aside = join(dirname(current.path), name)
      try {
        await rename(current.path, aside)
        const found = await stat(aside, { bigint: true })
        const isSame = etag === etagOf(0, found)
        if (!isSame) await linkNew(aside, current.path)
        await syncFolder(dirname(current.path))
        return isSame
      } catch (error) {
        return absent(error) ?? false
      } finally {
        await rm(aside, { force: true })
        release(name)
      }
    })
  }

  async *list(prefix: string, signal?: AbortSignal): AsyncIterable<ObjectInfo> {
    const below = prefix.slice(0, prefix.lastIndexOf('/') + 1)
    const keys = await this.#at(`listing ${prefix || 'models'}`, signal, async () => {
      await stat(this.root)
      const names = await readdir(join(this.root, below), { recursive: true }).catch(absent)
      const all = (names ?? []).map((name) => below + name.replaceAll('\\', '/'))
      return all.filter((key) => key.startsWith(prefix) && isVisible(key)).sort()
    })
    for (const key of keys) {
      const current = await this.#at(`looking up ${key}`, signal, () => this.#current(key))
      if (current) yield current.info
    }
  }

  #path(key: string): string {
    if (!isVisible(key)) throw new StoreError('usage', `${this.url}: ${key} is not a usable key.`)
    return join(this.root, key)
  }

  /** Undefined when there is no such file. */
  async #current(key: string): Promise<Current | undefined> {
    const plain = this.#path(key)
    const generation = await lastGeneration(plain)
    const path = generation === 0 ? plain : generationPath(plain, generation)
    const found = await stat(path, { bigint: true }).catch(absent)
    if (!found?.isFile()) return undefined
    const etag = etagOf(generation, found)
    return { path, generation, info: { key, bytes: Number(found.size), etag, modified: found.mtime } }
  }

  /** Makes `temporary` the next generation if the object still has this ETag. */
  async #replace(key: string, temporary: string, etag: string): Promise<boolean> {
    const plain = this.#path(key)
    const current = await this.#current(key)
    if (current?.info.etag !== etag) return false
    await mkdir(generationsFolder(plain), { recursive: true })
    if (!(await linkNew(temporary, generationPath(plain, current.generation + 1)))) return false
    await syncFolder(generationsFolder(plain))
    // The copy for people. Whoever copies last looks once more, so the newest generation ends on top.
    for (let copied = 0; ; ) {
      const last = await lastGeneration(plain)
      if (last === copied) return true
      const name = ownName('store', 'upload')
      const copy = join(dirname(plain), name)
      await link(generationPath(plain, last), copy)
      await rename(copy, plain)
      release(name)
      copied = last
    }
  }

  /** Runs `body` with this store's errors: a missing root is `not-found`, other refusals of the disk are `disk`. */
  async #at<T>(doing: string, signal: AbortSignal | undefined, body: () => Promise<T>): Promise<T> {
    try {
      signal?.throwIfAborted()
      return await onDisk(`${this.url}: ${doing}`, body)
    } catch (error) {
      signal?.throwIfAborted()
      if (error instanceof StoreError && diskCode(error.cause) === 'ENOENT') {
        throw new StoreError('not-found', `${this.url}: there is no such folder. Check the URL.`, {
          cause: error,
        })
      }
      throw error
    }
  }
}

const etagOf = (generation: number, { size, mtimeNs }: { size: bigint; mtimeNs: bigint }) =>
  `${generation}-${size.toString(16)}-${mtimeNs.toString(16)}`

const generationsFolder = (plain: string) =>
  join(dirname(plain), `.${plain.slice(dirname(plain).length + 1)}~generations`)
const generationPath = (plain: string, generation: number) =>
  join(generationsFolder(plain), String(generation))

/** 0 when the object was written only once, or not at all. */
async function lastGeneration(plain: string): Promise<number> {
  const names = (await readdir(generationsFolder(plain)).catch(absent)) ?? []
  return names.reduce((last, name) => Math.max(last, Number(name) || 0), 0)
}

/** Gives the file a second name, atomically; false when that name is taken. */
async function linkNew(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch (error) {
    if (diskCode(error) === 'EEXIST') return false
    throw error
  }
}

async function writeNew(path: string, content: Content, signal?: AbortSignal): Promise<void> {
  const handle = await open(path, 'wx')
  try {
    for await (const chunk of content.open()) {
      signal?.throwIfAborted()
      for (let written = 0; written < chunk.length; ) {
        written += (await handle.write(chunk, written)).bytesWritten
      }
    }
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Clears what killed publishers left. */
async function removeAbandoned(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name)
    if (isOwned(name, 'store', 'upload') && (await isAbandoned(path))) await rm(path, { force: true })
  }
}

/** No part of the path is empty or hidden, so none is `..` either. */
function isVisible(key: string): boolean {
  return key.split('/').every((part) => part !== '' && !part.startsWith('.'))
}

/** For `catch`: undefined when there is nothing of that name. */
function absent(error: unknown): undefined {
  if (diskCode(error) === 'ENOENT' || diskCode(error) === 'ENOTDIR') return undefined
  throw error
}
