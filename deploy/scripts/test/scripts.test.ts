import { readdirSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { launch } from '@repo/inference/launch'
import { temporaryFolders } from '@repo/testing'
import { path } from './env.js'
import { has, root, run, scripts } from './support.js'

const temporaryFolder = temporaryFolders()
const files = [
  ...readdirSync(scripts).map((name) => join(scripts, name)),
  join(root, 'deploy/local/base-image/base-image.sh'),
  join(root, '.devcontainer/install-kind.sh'),
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

describe('image-build.sh with docker', () => {
  /** As much of docker as the script asks for; what it was to build goes to a file. */
  const DOCKER = `#!/usr/bin/env bash
case "$1 $*" in
  version*) echo 28.0 ;;
  build*) printf '%s\\n' "$@" >"$OUT_DIR/build" ;;
  image*.Id*) echo sha256:1234 ;;
  image*.Size*) echo 300 ;;
  image*.RootFS*) printf '%s\\n' sha256:base sha256:npm sha256:dependencies sha256:model sha256:app '' ;;
  history*--human=false*) printf '%s\\n' '0 WORKDIR /app' '7 COPY /image/ / # buildkit' '6 COPY /model/ / # buildkit' \\
    '5 COPY /image/ / # buildkit' '1 RUN node' '9 COPY of the base' ;;
  create*) echo stopped ;;
  cp*stopped:/app/sbom.cdx.json*) echo '{"metadata":{},"components":[],"dependencies":[]}' >"$3" ;;
  rm*stopped*) ;;
  *) exit 1 ;;
esac
`

  test('when it has built, then it tells what the image is and what its layers are', async () => {
    const OUT_DIR = await temporaryFolder()
    await writeFile(join(OUT_DIR, 'docker'), DOCKER, { mode: 0o755 })
    const model = join(root, 'packages/sample-model/bundles/fashion-mnist/1.0.0')
    const env = { OUT_DIR, PATH: [OUT_DIR, path].join(delimiter), MODEL_DIR: model, COMMIT: 'abc' }
    const { status, stderr } = await run([join(scripts, 'image-build.sh')], env)
    expect([status, stderr]).toEqual([0, expect.stringContaining('imageSize: 300')])
    expect(readFileSync(join(OUT_DIR, 'outputs.env'), 'utf8')).toBe(
      'image=inference:local\nimageId=sha256:1234\nimageSize=300\n',
    )
    expect(readFileSync(join(OUT_DIR, 'layers.txt'), 'utf8')).toBe(
      'dependencies 5 sha256:dependencies\nmodel 6 sha256:model\napp 7 sha256:app\n',
    )
    const built = readFileSync(join(OUT_DIR, 'build'), 'utf8')
    for (const argument of [
      `model=${model}`,
      'SOURCE_DATE_EPOCH=0',
      'APP_COMMIT=abc',
      'MODEL_VERSION=1.0.0',
    ]) {
      expect(built).toContain(`\n${argument}\n`)
    }
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
