import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { transformFile } from '@swc/core'
import type { Changes } from './watch.js'

/** A workspace whose TypeScript in `src` becomes JavaScript in `dist`, laid out as tsc does it. */
export interface Workspace {
  src: string
  dist: string
}

/** The apps and packages of a checkout that have sources. */
export async function findWorkspaces(root: string): Promise<Workspace[]> {
  const found: Workspace[] = []
  for (const group of ['apps', 'packages']) {
    for (const name of await readdir(join(root, group)).catch(() => [])) {
      const src = join(root, group, name, 'src')
      const isFolder = await stat(src).then(
        (state) => state.isDirectory(),
        () => false,
      )
      if (isFolder) found.push({ src, dist: join(root, group, name, 'dist') })
    }
  }
  return found
}

/**
 * Brings `dist` up to date after changes in `src`. Types are not checked: that is the editor's and the build's work.
 * Nothing is written unless every file can be transformed.
 * @returns how many files of `dist` were written or removed
 * @throws Error that shows the place of a syntax error
 */
export async function applyChanges(workspaces: Workspace[], { changed, removed }: Changes): Promise<number> {
  const outputs = await Promise.all(
    outputsOf(workspaces, changed).map(async ({ source, target }) => ({
      target,
      ...(await transform(source, target)),
    })),
  )
  for (const { target, code, map } of outputs) {
    await mkdir(dirname(target), { recursive: true })
    await replace(`${target}.map`, map)
    await replace(target, code)
  }
  const gone = outputsOf(workspaces, removed)
  for (const { target } of gone) {
    for (const file of [target, `${target}.map`, target.replace(/\.js$/, '.d.ts')])
      await rm(file, { force: true })
  }
  return outputs.length + gone.length
}

function outputsOf(workspaces: Workspace[], sources: string[]): { source: string; target: string }[] {
  return sources.flatMap((source) => {
    if (!source.endsWith('.ts') || source.endsWith('.d.ts')) return []
    const workspace = workspaces.find(({ src }) => source.startsWith(join(src, '/')))
    if (!workspace) return []
    const target = join(workspace.dist, relative(workspace.src, source)).replace(/\.ts$/, '.js')
    return [{ source, target }]
  })
}

async function transform(source: string, target: string): Promise<{ code: string; map: string }> {
  const { code, map } = await transformFile(source, {
    swcrc: false,
    configFile: false,
    sourceMaps: true,
    sourceFileName: relative(dirname(target), source),
    module: { type: 'es6' },
    jsc: {
      target: 'es2023',
      parser: { syntax: 'typescript' },
      transform: { verbatimModuleSyntax: true },
    },
  })
  return { code: `${code}//# sourceMappingURL=${basename(target)}.map\n`, map: map ?? '' }
}

/** Whoever starts meanwhile reads the old file or the new one, never a part. */
async function replace(path: string, content: string): Promise<void> {
  const draft = `${path}.${process.pid}.new`
  await writeFile(draft, content)
  await rename(draft, path)
}
