import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** The files that are checked, by their path from the repository's top folder. */
export class Repository {
  constructor(readonly root: string) {}

  path(file: string): string {
    return join(this.root, file)
  }

  exists(file: string): boolean {
    return existsSync(this.path(file)) && statSync(this.path(file)).isFile()
  }

  read(file: string): string {
    return readFileSync(this.path(file), 'utf8')
  }

  isExecutable(file: string): boolean {
    return (statSync(this.path(file)).mode & 0o111) === 0o111
  }

  /** Files below a folder whose name ends so; none where there is no such folder. */
  list(folder: string, ending: string): string[] {
    if (!existsSync(this.path(folder))) return []
    const names = readdirSync(this.path(folder), { recursive: true, encoding: 'utf8' })
    return names
      .filter((name) => name.endsWith(ending) && !name.includes('node_modules'))
      .map((name) => join(folder, name))
  }

  /** The first line from `from` on that holds the text; `from` itself where none does. */
  lineOf(file: string, text: string, from = 1): number {
    const lines = this.read(file).split('\n')
    const found = lines.findIndex((line, index) => index >= from - 1 && line.includes(text))
    return found < 0 ? from : found + 1
  }
}
