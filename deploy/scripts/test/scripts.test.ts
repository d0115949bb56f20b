import { readdirSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { launch } from '@repo/inference/launch'
import { temporaryFolders } from '@repo/testing'
import { has, root, run, scripts } from './support.js'

const temporaryFolder = temporaryFolders()
const files = [
  ...readdirSync(scripts).map((name) => join(scripts, name)),
  join(root, 'deploy/local/base-image/base-image.sh'),
].filter((name) => name.endsWith('.sh'))

const title = has('shellcheck') ? 'shellcheck' : 'shellcheck [skipped: shellcheck is not installed]'
;(has('shellcheck') ? describe : describe.skip)(title, () => {
  test.each(files)('when %s is checked, then there is nothing to say', async (file) => {
    expect(await run(['shellcheck', '--external-sources', '--source-path=SCRIPTDIR', file])).toEqual({
      status: 0,
      stdout: '',
      stderr: '',
    })
  })
})

describe('scripts of the image', () => {
  test.each(files.filter((file) => /image|lib/.test(file)))(
    'when %s is read, then its head says what it reads',
    (file) => {
      const text = readFileSync(file, 'utf8')
      expect(text).toMatch(/^#!\/usr\/bin\/env bash\n# /)
      expect(text).toMatch(/^# Reads:$/m)
    },
  )

  test.each([
    ['image-build.sh', {}, /holds no model\.json\. Pull a model first: .*model-pull\.sh/],
    ['image-test.sh', {}, /holds no model\.json/],
    ['image-push.sh', {}, /image-push\.sh needs REGISTRY: set it in the environment/],
    ['image-push.sh', { REGISTRY: '127.0.0.1:1' }, /sbom\.cdx\.json: run image-build\.sh first/],
  ])('when %s misses something, then it says what', async (name, env, message) => {
    const { status, stderr } = await run([join(scripts, name)], { OUT_DIR: await temporaryFolder(), ...env })
    expect(status).toBe(1)
    expect(stderr).toMatch(message)
  })
})

describe('sbom.js', () => {
  test('when npm has listed the parts, then the model joins them, and the time is the commit’s', async () => {
    const list = join(await temporaryFolder(), 'npm.json')
    await writeFile(list, JSON.stringify({ metadata: {}, components: [], dependencies: [] }))
    const model = join(root, 'packages/sample-model/bundles/fashion-mnist/1.0.0/model.json')
    const time = '2026-01-01T00:00:00Z'
    const { stdout } = await run(['node', join(scripts, 'src/sbom.js'), list, model, time])
    expect(JSON.parse(stdout).metadata.timestamp).toBe(time)
    expect(JSON.parse(stdout).components).toMatchObject([
      {
        type: 'machine-learning-model',
        name: 'fashion-mnist',
        version: '1.0.0',
        hashes: [{ alg: 'SHA-256', content: expect.stringMatching(/^[0-9a-f]{64}$/) }],
      },
    ])
  })
})

describe('Dockerfile', () => {
  const dockerfile = readFileSync(join(root, 'apps/inference/Dockerfile'), 'utf8')

  test('when the app starts, then as launch.ts says', () => {
    for (const [name, value] of Object.entries(launch.environment))
      expect(dockerfile).toContain(` ${name}=${value}`)
    const command = /^CMD (.*)$/m.exec(dockerfile)?.[1] ?? ''
    expect(JSON.parse(command)).toEqual([...launch.nodeArguments, launch.main.replace(root, '/app/')])
  })

  test('when a base is given by default, then it is pinned to a digest', () => {
    const defaults = [...dockerfile.matchAll(/^ARG NODE\w*=(.*)$/gm)].map(([, image]) => image)
    expect(defaults).toHaveLength(2)
    for (const image of defaults)
      expect(image).toMatch(/^docker\.io\/library\/node:24[^@]*-slim@sha256:[0-9a-f]{64}$/)
  })
})
