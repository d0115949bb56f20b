import { cp, mkdir, readdir, symlink } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { root } from './launcher.js'

/**
 * A copy of this checkout, built files included, whose sources a test may change. What npm installed is linked.
 * @param folder where to make it; its name may be as odd as a user's
 */
export async function copyCheckout(folder: string): Promise<void> {
  await linkInstalled(root, folder)
  await mkdir(join(folder, 'node_modules/@repo'))
  for (const workspace of [
    'deploy/local',
    ...(await workspacesIn('apps')),
    ...(await workspacesIn('packages')),
  ]) {
    const target = join(folder, workspace)
    const skipped = ['node_modules', 'test', 'reports', 'train', '.turbo'].map((name) =>
      join(root, workspace, name),
    )
    await cp(join(root, workspace), target, {
      recursive: true,
      preserveTimestamps: true,
      filter: (source) => !skipped.includes(source),
    })
    await linkInstalled(join(root, workspace), target)
    const links = join(folder, 'node_modules/@repo')
    const name = workspace.split('/').at(-1) ?? ''
    await symlink(relative(links, target), join(links, name))
  }
}

async function workspacesIn(group: string): Promise<string[]> {
  return (await readdir(join(root, group))).map((name) => `${group}/${name}`)
}

async function linkInstalled(from: string, to: string): Promise<void> {
  const names = await readdir(join(from, 'node_modules')).catch(() => undefined)
  if (!names) return
  await mkdir(join(to, 'node_modules'), { recursive: true })
  for (const name of names) {
    // The workspaces' links would lead back to the originals.
    if (name === '@repo') continue
    await symlink(join(from, 'node_modules', name), join(to, 'node_modules', name))
  }
}
