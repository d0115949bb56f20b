import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { temporaryFolders } from '@repo/testing'
import { run, scripts } from './support.js'

const temporaryFolder = temporaryFolders()

/** Runs bash code that has sourced lib.sh. */
async function lib(code: string, env: Record<string, string> = {}) {
  const OUT_DIR = env.OUT_DIR ?? (await temporaryFolder())
  const result = await run(['bash', '-c', `set -euo pipefail; . ${scripts}/lib.sh; ${code}`, 'step.sh'], {
    OUT_DIR,
    ...env,
  })
  return { ...result, outputs: await readFile(join(OUT_DIR, 'outputs.env'), 'utf8').catch(() => '') }
}

describe('the version of bash', () => {
  test('when it is too old, then that is said before anything is done, and how to get a newer one', async () => {
    const text = await readFile(join(scripts, 'lib.sh'), 'utf8')
    const path = join(await temporaryFolder(), 'lib.sh')
    // This machine's own is new enough, so more is asked for.
    await writeFile(path, text.replace('< 404', '< 99904'))
    const { status, stdout, stderr } = await run(['bash', '-c', `. ${path}; echo on`], {
      OUT_DIR: '/dev/null/out',
    })
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toMatch(/^error: bash 4\.4 or newer is needed, this is \d.*brew install bash.*\n$/)
  })
})

describe('need', () => {
  test('when variables are missing or empty, then all of them are named and the script ends', async () => {
    const { status, stderr, stdout } = await lib('need ONE TWO THREE; echo on', { TWO: '', THREE: 'x' })
    expect(status).toBe(1)
    expect(stderr).toMatch(/step\.sh needs ONE TWO: set it/)
    expect(stdout).toBe('')
  })

  test('when all are there, then the script goes on', async () => {
    expect(await lib('need ONE; echo on', { ONE: 'x' })).toMatchObject({ status: 0, stdout: 'on\n' })
  })
})

describe('fail', () => {
  test('when in Azure Pipelines, then the error is its issue too, on one line', async () => {
    const { status, stderr } = await lib("answer=$(fail $'first\\nsecond')", { TF_BUILD: 'True' })
    expect(status).toBe(1)
    expect(stderr).toMatch(/^##vso\[task.logissue type=error\]first second\n/)
  })
})

describe('retry', () => {
  test('when the command succeeds at last, then so does retry', async () => {
    const { status, stderr } = await lib('n=0; try() { n=$((n + 1)); ((n == 2)); }; retry 3 try; ((n == 2))')
    expect(status).toBe(0)
    expect(stderr).toContain('attempt 1 of 3 failed with exit code 1: try')
  })

  test('when the command never succeeds, then its exit code comes back', async () => {
    const { stdout } = await lib('try() { return 7; }; retry 2 try || echo "ended with $?"')
    expect(stdout).toBe('ended with 7\n')
  })
})

describe('output', () => {
  test('when a value is written twice, then the later one counts, and `saved` gives it', async () => {
    const { outputs, stdout } = await lib(
      'output one 1; output two "a = b"; output one 2; saved two; saved none',
    )
    expect(outputs).toBe('two=a = b\none=2\n')
    expect(stdout).toBe('a = b\n')
  })

  test('when in Azure Pipelines or GitHub Actions, then it is their variable too', async () => {
    const file = join(await temporaryFolder(), 'github')
    const { stdout } = await lib('output imageDigest sha256:1', { TF_BUILD: 'True', GITHUB_OUTPUT: file })
    expect(stdout).toBe('##vso[task.setvariable variable=imageDigest;isOutput=true]sha256:1\n')
    expect(await readFile(file, 'utf8')).toBe('imageDigest=sha256:1\n')
  })

  test('when a value has more than one line, then it is refused', async () => {
    const { status, stderr } = await lib("output one $'a\\nb'")
    expect(status).toBe(1)
    expect(stderr).toContain('output one has to be one line')
  })
})

describe('engine', () => {
  // Engines of our own: which are installed here must not matter.
  const fakes = (docker: string, podman: string) => `docker() { ${docker}; }; podman() { ${podman}; };`

  test('when a docker engine answers, then it is docker', async () => {
    expect((await lib(`${fakes('echo 28.0', 'true')} engine`)).stdout).toBe('docker\n')
  })

  test('when docker is there without an engine, then it is podman', async () => {
    expect((await lib(`${fakes('return 1', 'true')} engine`)).stdout).toBe('podman\n')
    // `docker version` may also succeed and tell nothing.
    expect((await lib(`${fakes('true', 'true')} engine`)).stdout).toBe('podman\n')
  })

  test('when no engine answers, then the error says what to install', async () => {
    const { status, stderr } = await lib(`${fakes('return 1', 'return 1')} engine`)
    expect(status).toBe(1)
    expect(stderr).toContain('no container engine answers. Start Docker, or install podman')
  })

  test('when CONTAINER_ENGINE names one, then that one is taken, and nothing else', async () => {
    expect((await lib('engine', { CONTAINER_ENGINE: 'docker' })).stdout).toBe('docker\n')
    expect((await lib('engine', { CONTAINER_ENGINE: 'lxc' })).stderr).toContain(
      'must be docker or podman, and is: lxc',
    )
  })

  test('when podman needs options, then `container` gives them in their places', async () => {
    const flags = {
      PODMAN_GLOBAL_FLAGS: '--runtime runc',
      PODMAN_RUN_FLAGS: '--ulimit host',
      PODMAN_BUILD_FLAGS: '',
    }
    const code = `${fakes('return 1', 'echo "$@"')} container run image; container build .; container rm x`
    const { stdout } = await lib(code, flags)
    expect(stdout).toBe(
      '--runtime runc run --ulimit host image\n--runtime runc build .\n--runtime runc rm x\n',
    )
  })

  test('when podman runs only with other limits and runtime, then that is found out', async () => {
    const podman = '[[ $1 == version || $1 == image || "$*" == *"--runtime runc run --ulimit host"* ]]'
    const show = 'echo "$PODMAN_GLOBAL_FLAGS|$PODMAN_RUN_FLAGS|$PODMAN_BUILD_FLAGS"'
    const { stdout } = await lib(`${fakes('return 1', podman)} podman_flags image; ${show}`)
    expect(stdout).toBe('--runtime runc|--ulimit host|--isolation=chroot\n')
  })

  test('when podman runs nothing at all, then its own words are shown', async () => {
    const { status, stderr } = await lib(
      `${fakes('return 1', '[[ $1 == version || $1 == image ]] || { echo "no way" >&2; false; }')} podman_flags image`,
    )
    expect(status).toBe(1)
    expect(stderr).toContain("podman can't run image: no way")
  })
})
