import { execFileSync } from 'node:child_process'
import { access, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { beforeEach, describe, expect, test } from '@jest/globals'
import { temporaryFolders } from '@repo/testing'
import { applyChanges, findWorkspaces, type Workspace } from '../src/transform.js'
import { root } from './launcher.js'

const temporaryFolder = temporaryFolders()
let folder = ''
let workspaces: Workspace[] = []
const SOURCE = `import type { Stats } from 'node:fs'
import { sep } from 'node:path'
import { twice } from './deep/twice.js'
export function text(stats?: Stats): string {
  return sep + twice('v1') + (stats?.size ?? '')
}
`
const TWICE = 'export const twice = (text: string): string => text + text\n'

beforeEach(async () => {
  folder = await temporaryFolder()
  await mkdir(join(folder, 'packages/p/src/deep'), { recursive: true })
  await mkdir(join(folder, 'packages/empty'), { recursive: true })
  await writeFile(join(folder, 'packages/p/src/index.ts'), SOURCE)
  await writeFile(join(folder, 'packages/p/src/deep/twice.ts'), TWICE)
  await writeFile(
    join(folder, 'packages/p/package.json'),
    '{ "name": "p", "type": "module", "scripts": {"build": "tsc -p ."} }',
  )
  workspaces = await findWorkspaces(folder)
})

const src = (path: string) => join(folder, 'packages/p/src', path)
const dist = (path: string) => join(folder, 'packages/p/dist', path)
const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  )
const run = (code: string) =>
  execFileSync(process.execPath, ['--enable-source-maps', '--input-type=module', '-e', code], {
    encoding: 'utf8',
  })
const importDist = `import { text } from ${JSON.stringify('DIST')}; console.log(text())`

describe('applyChanges', () => {
  test('when sources change, then dist holds modules that Node runs, with source maps', async () => {
    expect(
      await applyChanges(workspaces, { changed: [src('index.ts'), src('deep/twice.ts')], removed: [] }),
    ).toBe(2)
    const index = pathToFileURL(dist('index.js')).href
    expect(run(importDist.replace('DIST', index))).toBe('/v1v1\n')
    expect(await readFile(dist('index.js'), 'utf8')).toMatch(/\/\/# sourceMappingURL=index\.js\.map\n$/)
    const map = JSON.parse(await readFile(dist('deep/twice.js.map'), 'utf8'))
    expect(map.sources).toEqual(['../../src/deep/twice.ts'])
  })

  test('when one file has a syntax error, then the error shows the place and nothing is written', async () => {
    await writeFile(src('index.ts'), 'export const broken = (\n')
    const changes = { changed: [src('deep/twice.ts'), src('index.ts')], removed: [] }
    await expect(applyChanges(workspaces, changes)).rejects.toThrow(/index\.ts:1|export const broken/)
    expect(await exists(dist('deep/twice.js'))).toBe(false)
  })

  test('when a source is removed, then all that was made of it goes too', async () => {
    await applyChanges(workspaces, { changed: [src('index.ts')], removed: [] })
    await writeFile(dist('index.d.ts'), '')
    expect(await applyChanges(workspaces, { changed: [], removed: [src('index.ts')] })).toBe(1)
    for (const file of ['index.js', 'index.js.map', 'index.d.ts'])
      expect(await exists(dist(file))).toBe(false)
  })

  test('when other files change, then nothing is done', async () => {
    const changed = [src('types.d.ts'), src('notes.md'), join(folder, 'elsewhere/src/x.ts')]
    expect(await applyChanges(workspaces, { changed, removed: [] })).toBe(0)
  })

  test('when the sources are put back, then turbo restores what tsc had built', async () => {
    await writeFile(
      join(folder, 'package.json'),
      '{ "name": "t", "private": true, "packageManager": "npm@10.0.0", "workspaces": ["packages/p"] }',
    )
    await writeFile(
      join(folder, 'turbo.json'),
      '{ "tasks": { "build": { "inputs": ["src/**"], "outputs": ["dist/**"] } } }',
    )
    const compilerOptions = {
      rootDir: 'src',
      outDir: 'dist',
      module: 'NodeNext',
      target: 'ES2023',
      types: ['node'],
    }
    await writeFile(
      join(folder, 'packages/p/tsconfig.json'),
      JSON.stringify({ compilerOptions, include: ['src'] }),
    )
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
    const build = () =>
      execFileSync(join(root, 'node_modules/.bin/turbo'), ['run', 'build', '--no-daemon'], {
        cwd: folder,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      })
    build()
    const built = await readFile(dist('index.js'), 'utf8')

    await writeFile(src('index.ts'), SOURCE.replace('v1', 'v2'))
    await applyChanges(workspaces, { changed: [src('index.ts')], removed: [] })
    expect(await readFile(dist('index.js'), 'utf8')).toContain('v2')

    await writeFile(src('index.ts'), SOURCE)
    expect(build()).toContain('FULL TURBO')
    expect(await readFile(dist('index.js'), 'utf8')).toBe(built)
  })
})
