import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'
import { temporaryFolders } from '@repo/testing'
import { brightPng } from '../src/png.js'
import { checks } from '../src/run.js'
import { MODEL, reference } from './reference.js'
import { type Call, deadAddress, servers } from './server.js'

const serve = servers()
const temporaryFolder = temporaryFolders()
const BIN = fileURLToPath(new URL('../bin/oip-conformance.js', import.meta.url))

const cli = (...args: string[]) => cliWith({}, ...args)

function cliWith(
  env: Record<string, string>,
  ...args: string[]
): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [BIN, ...args], { env }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr })
    })
  })
}

const withoutPlatform = () => {
  const correct = reference()
  return (call: Call) => {
    const reply = correct(call)
    const body = reply.body as { platform?: string }
    return body.platform ? { ...reply, body: { ...body, platform: 'onnx' } } : reply
  }
}

test('when every check passes, then the table lists them all and the exit code is 0', async () => {
  const { code, stdout, stderr } = await cli(
    await serve(reference()),
    '--model',
    MODEL,
    '--max-body',
    '100000',
  )
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const lines = stdout.trimEnd().split('\n')
  expect(lines[0]).toMatch(/^result {2}check +expected$/)
  expect(lines.filter((line) => line.startsWith('pass  '))).toHaveLength(checks.length)
  expect(lines.at(-1)).toBe(`${checks.length} passed, 0 failed`)
})

test('when the server wants a key, then it is taken from the environment, the first of several', async () => {
  const correct = reference()
  const guarded = (call: Call) =>
    call.path.startsWith('/v2/health') || call.authorization === 'Bearer first-key'
      ? correct(call)
      : { status: 401, body: { error: 'no key' } }
  const url = await serve(guarded)
  expect((await cli(url, '--model', MODEL)).code).toBe(1)
  expect((await cliWith({ OIP_API_KEY: 'first-key, second-key' }, url, '--model', MODEL)).code).toBe(0)
})

test('when a check is skipped, then the table says why and the exit code is 0', async () => {
  const { code, stdout } = await cli(await serve(reference()))
  expect(code).toBe(0)
  expect(stdout).toMatch(/^skip .*413.*\n +skipped: the limit is not known: give --max-body$/m)
  expect(stdout.trimEnd()).toMatch(/\d+ passed, 0 failed, 1 skipped$/)
})

test('when a check fails, then the table says what was found and the exit code is 1', async () => {
  const { code, stdout } = await cli(await serve(withoutPlatform()), '--model', MODEL)
  expect(code).toBe(1)
  expect(stdout).toMatch(
    /^FAIL {4}model metadata name the platform +"platform": "onnx_onnxv1"\n +found: platform "onnx"$/m,
  )
  expect(stdout.trimEnd()).toMatch(/1 failed, 1 skipped$/)
})

test('when --json is given, then the same comes as JSON', async () => {
  const { code, stdout } = await cli(await serve(withoutPlatform()), '--json')
  const report = JSON.parse(stdout)
  expect(code).toBe(1)
  expect(report).toMatchObject({ failed: 1, skipped: 1, passed: checks.length - 2 })
  expect(report.checks).toHaveLength(checks.length)
  expect(report.checks).toContainEqual({
    name: 'model metadata name the platform',
    expected: '"platform": "onnx_onnxv1"',
    status: 'failed',
    found: 'platform "onnx"',
  })
})

test('when an image is given, then it is read and sent', async () => {
  const file = join(await temporaryFolder(), 'image.png')
  await writeFile(file, brightPng())
  expect((await cli(await serve(reference()), '--image', file)).code).toBe(0)
})

test('when --help is asked for, then the options and exit codes are told', async () => {
  const { code, stdout } = await cli('--help')
  expect(code).toBe(0)
  for (const word of [
    '--model',
    '--image',
    '--max-body',
    '--free-size',
    '--timeout',
    '--json',
    '/version',
    'Exit codes',
  ])
    expect(stdout).toContain(word)
})

test.each([
  [[], 'one base URL'],
  [['http://127.0.0.1:1', 'http://127.0.0.1:2'], 'one base URL'],
  [['127.0.0.1'], 'http://127.0.0.1:8080'],
  [['http://127.0.0.1:1', '--nonsense'], '--nonsense'],
  [['http://127.0.0.1:1', '--timeout', 'soon'], '--timeout'],
  [['http://127.0.0.1:1', '--timeout', '0'], '--timeout'],
  [['http://127.0.0.1:1', '--max-body', '-1'], '--max-body'],
  [['http://127.0.0.1:1', '--free-size', 'x'], '--free-size'],
  [['http://127.0.0.1:1', '--model', ''], '--model'],
  [['http://127.0.0.1:1', '--image', '/nowhere/image.png'], '--image cannot be read'],
])(
  'when the arguments are %j, then the exit code is 2 and the text names what is wrong',
  async (args, named) => {
    const { code, stdout, stderr } = await cli(...args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/^oip-conformance: .*see --help\n$/)
    expect(stderr).toContain(named)
  },
)

test('when nothing tells the name of the model, then the exit code is 2', async () => {
  const { code, stderr } = await cli(await serve(() => ({ status: 200, body: {} })))
  expect(code).toBe(2)
  expect(stderr).toContain('--model')
})

test('when nothing listens, then the exit code is 3', async () => {
  const { code, stdout, stderr } = await cli(await deadAddress(), '--model', MODEL)
  expect({ code, stdout }).toEqual({ code: 3, stdout: '' })
  expect(stderr).toMatch(/^oip-conformance: no answer: ECONNREFUSED: is the server running/)
})

test('when the server hangs, then the exit code is 3 after the timeout', async () => {
  const { code, stderr } = await cli(await serve(() => undefined), '--timeout', '0.2')
  expect(code).toBe(3)
  expect(stderr).toContain('no answer within 0.2 s')
})
