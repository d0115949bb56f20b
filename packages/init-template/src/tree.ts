import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A checkout with changes that are not written yet, so that they can be shown first. */
export class Tree {
  readonly #changed = new Map<string, string | undefined>()
  readonly #files: Set<string>

  constructor(readonly root: string) {
    const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
      cwd: root,
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    })
    this.#files = new Set(listed.split('\0').filter((path) => path !== '' && existsSync(join(root, path))))
  }

  get files(): string[] {
    return [...this.#files]
  }

  /** Is there such a file or folder? */
  has(path: string): boolean {
    return path === '.' || this.#files.has(path) || this.files.some((file) => file.startsWith(`${path}/`))
  }

  read(path: string): string {
    return this.#changed.get(path) ?? readFileSync(join(this.root, path), 'utf8')
  }

  write(path: string, text: string): void {
    if (this.#files.has(path) && this.read(path) === text) return
    this.#changed.set(path, text)
    this.#files.add(path)
  }

  /** Removes a file or folder. */
  remove(path: string): void {
    for (const file of this.files.filter((file) => file === path || file.startsWith(`${path}/`))) {
      this.#changed.set(file, undefined)
      this.#files.delete(file)
    }
  }

  /** What would change, one line for each changed line. */
  describe(): string[] {
    return [...this.#changed].flatMap(([path, text]) => {
      if (text === undefined) return [`removed  ${path}`]
      if (!existsSync(join(this.root, path))) return [`new      ${path}`]
      const before = new Set(readFileSync(join(this.root, path), 'utf8').split('\n'))
      const after = new Set(text.split('\n'))
      return [
        `changed  ${path}`,
        ...[...before].filter((line) => !after.has(line)).map((line) => `         - ${line}`),
        ...[...after].filter((line) => !before.has(line)).map((line) => `         + ${line}`),
      ]
    })
  }

  save(): void {
    for (const [path, text] of this.#changed) {
      if (text === undefined) rmSync(join(this.root, path), { force: true })
      else writeFileSync(join(this.root, path), text)
    }
    // git keeps no empty folders, and a workspace without package.json would be an error.
    for (const path of this.#changed.keys()) removeEmptyFolders(this.root, path)
  }
}

function removeEmptyFolders(root: string, path: string): void {
  const folder = path.split('/').slice(0, -1).join('/')
  if (folder === '' || !existsSync(join(root, folder))) return
  const kept = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '--', folder], {
    cwd: root,
    encoding: 'utf8',
  })
  const isGone = kept.split('\n').every((file) => file === '' || !existsSync(join(root, file)))
  // What is left are ignored files: build output.
  if (isGone) rmSync(join(root, folder), { recursive: true, force: true })
  if (isGone) removeEmptyFolders(root, folder)
}
