import { readdir, readFile, writeFile } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type Azurite, startAzurite } from '@repo/azurite'
import { temporaryFolders, writeColourBundle } from '@repo/testing'
import { model, modelJson, outcomeOf, start } from './helpers/run.js'

const temporaryFolder = temporaryFolders()

async function bundle(version = '1.0.0', more = {}) {
  const folder = await temporaryFolder()
  await writeColourBundle(folder, { version, ...more })
  return folder
}

let azurite: Azurite
let containers = 0
beforeAll(async () => {
  azurite = await startAzurite()
})
afterAll(() => azurite.stop())

const stores: [string, () => Promise<string>][] = [
  ['Azure Blob (Azurite)', async () => `${azurite.url}/models-${++containers}`],
  ['folder', async () => pathToFileURL(join(await temporaryFolder(), 'store')).href],
]

describe.each(stores)('the commands with %s', (_, newStore) => {
  test('when a model is published, listed, promoted, pulled and verified, then each says what it did', async () => {
    const store = await newStore()
    const target = join(await temporaryFolder(), 'model')
    const run = async (...args: string[]) => {
      const { code, stdout, stderr } = await model(args, { env: { MODEL_STORE: store } })
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      return stdout
    }
    const first = await bundle('1.0.0')
    expect(await run('publish', first)).toMatch(
      new RegExp(`^Published colours 1\\.0\\.0 to ${store} \\(\\d+ B\\)\\. It is the latest version\\.\n$`),
    )
    expect(await run('publish', first)).toMatch(
      /^colours 1\.0\.0 was in .* already\. It is the latest version\.\n$/,
    )
    expect(await run('publish', '--no-promote', await bundle('2.0.0'))).toMatch(
      /^Published colours 2\.0\.0 .*\)\.\n$/,
    )
    expect(await run('list')).toMatch(
      /^NAME +VERSION +LATEST SINCE +SIZE +TOP-1 +PUBLISHED\ncolours +2\.0\.0 .*\ncolours +1\.0\.0 +20.*Z .*Z\n$/,
    )
    expect(await run('promote', 'colours', '2.0.0')).toBe(
      'The latest version of colours is now 2.0.0; before it was 1.0.0.\n',
    )
    expect(await run('pull', 'colours', '--out', target)).toMatch(
      new RegExp(`^Pulled colours 2\\.0\\.0 into ${target} \\(\\d+ B downloaded, 0 B reused\\)\\.\n$`),
    )
    expect(await run('pull', 'colours', '--out', target)).toBe(`${target} holds colours 2.0.0 already.\n`)
    expect(await run('pull', 'colours', '--out', target, '--version', '1.0.0')).toMatch(
      /^Pulled colours 1\.0\.0 /,
    )
    expect(await run('verify', target)).toMatch(
      new RegExp(
        `^${target} holds colours 1\\.0\\.0, intact: 2 files, \\d+ B\\. Its model loads and fits; it has no samples\\.\n$`,
      ),
    )
  })

  test('when --json is given, then each answers with the documented fields', async () => {
    const store = ['--store', await newStore()]
    const target = join(await temporaryFolder(), 'model')
    const sha = expect.stringMatching(/^[0-9a-f]{64}$/)
    const count = expect.any(Number)
    const about = { name: 'colours', version: '1.0.0', manifestSha256: sha }
    expect(await modelJson(['publish', await bundle(), ...store])).toEqual({
      code: 0,
      answer: { ...about, uploadedBytes: count, alreadyThere: false },
    })
    expect(await modelJson(['list', 'colours', ...store])).toEqual({
      code: 0,
      answer: {
        versions: [
          {
            ...about,
            latest: true,
            latestSince: expect.any(String),
            bytes: count,
            createdAt: expect.any(String),
            publishedAt: expect.any(String),
          },
        ],
      },
    })
    expect(await modelJson(['promote', 'colours', '1.0.0', ...store])).toEqual({
      code: 0,
      answer: { name: 'colours', version: '1.0.0', previous: '1.0.0' },
    })
    expect(await modelJson(['pull', 'colours', '--out', target, ...store])).toEqual({
      code: 0,
      answer: { ...about, folder: target, downloadedBytes: count, reusedBytes: 0, changed: true },
    })
    expect(await modelJson(['verify', target])).toEqual({
      code: 0,
      answer: { ...about, files: 2, bytes: count, samples: 0, accuracy: null, wrong: [] },
    })
  })

  test('when the model is not there, then the exit code is 3 and the message lists what is', async () => {
    const store = await newStore()
    const target = join(await temporaryFolder(), 'model')
    await model(['publish', await bundle(), '--store', store])
    const args = ['pull', 'colours', '--version', '9.0.0', '--out', target, '--store', store]
    const message = expect.stringContaining('there is no colours 9.0.0. Its versions there are: 1.0.0.')
    expect(await model(args)).toEqual({ code: 3, stdout: '', stderr: message })
    expect(await modelJson(args)).toEqual({
      code: 3,
      answer: undefined,
      failure: { error: { code: 'not-found', message } },
    })
    expect(await model(['list', 'shoes', '--store', store])).toMatchObject({ code: 3, stdout: '' })
    expect(await model(['promote', 'colours', '9.0.0', '--store', store])).toMatchObject({ code: 3 })
  })

  test('when other content is published as the same version, then the exit code is 7', async () => {
    const store = await newStore()
    await model(['publish', await bundle(), '--store', store])
    const other = await bundle('1.0.0', { labels: ['rot', 'gruen', 'blau'] })
    expect(await model(['publish', other, '--store', store])).toEqual({
      code: 7,
      stdout: '',
      stderr: expect.stringMatching(/^model: .*published already.*give yours a new version/),
    })
  })
})

describe('exit codes', () => {
  test.each([
    ['an unknown command', ['pubish'], /unknown command 'pubish'/],
    ['an unknown option', ['list', '--stor', 'x'], /unknown option '--stor'/],
    ['a missing argument', ['publish'], /missing required argument 'folder'/],
    ['a missing option', ['pull', 'colours'], /required option '--out <folder>' not specified/],
    ['too many arguments', ['verify', 'a', 'b'], /too many arguments/],
    ['no store', ['list'], /--store, or set MODEL_STORE/],
    ['an unknown store', ['list', '--store', 'ftp://x'], /A store is one of https:/],
    [
      'an unusable name',
      ['promote', 'Colours!', '1.0.0', '--store', 'file:///tmp/none'],
      /not a model's name/,
    ],
    ['an unusable version', ['promote', 'colours', 'new', '--store', 'file:///tmp/none'], /not a version/],
  ])('when the usage is wrong (%s), then it is 2', async (_, args, message) => {
    expect(await model(args)).toEqual({ code: 2, stdout: '', stderr: expect.stringMatching(message) })
    const { code, failure } = await modelJson(args)
    expect({ code, failure }).toEqual({
      code: 2,
      failure: { error: { code: 'usage', message: expect.stringMatching(message) } },
    })
  })

  test('when nothing is asked for, then it is 2 with the help, and 0 when help is asked for', async () => {
    expect(await model([])).toEqual({ code: 2, stdout: '', stderr: expect.stringContaining('Usage: model') })
    for (const args of [['--help'], ['help'], ['help', 'pull'], ['pull', '--help']]) {
      expect(await model(args)).toEqual({
        code: 0,
        stderr: '',
        stdout: expect.stringContaining('Usage: model'),
      })
    }
  })

  test('when help is asked for, then it documents stores, environment, JSON and every exit code', async () => {
    const { stdout } = await model(['--help'])
    for (const word of ['azurite://', 'file:///', 'MODEL_STORE', 'MODEL_CACHE_DIR', '--json']) {
      expect(stdout).toContain(word)
    }
    for (const code of [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 130]) {
      expect(stdout).toMatch(new RegExp(`^ +${code}  \\w`, 'm'))
    }
  })

  test('when a bundle is damaged or none, then it is 4', async () => {
    const folder = await bundle()
    await writeFile(join(folder, 'labels.txt'), 'red\n')
    expect(await model(['verify', folder])).toEqual({
      code: 4,
      stdout: '',
      stderr: expect.stringMatching(/^model: .*labels\.txt is not the file .* expected \d+ bytes/),
    })
    const none = await temporaryFolder()
    expect(await modelJson(['verify', none])).toMatchObject({
      code: 4,
      failure: { error: { code: 'integrity' } },
    })
    const store = pathToFileURL(await temporaryFolder()).href
    expect(await model(['publish', none, '--store', store])).toMatchObject({ code: 4 })
  })

  test('when the store refuses access, then it is 5', async () => {
    await withServer(
      (_request, response) => {
        response.writeHead(403, { 'x-ms-error-code': 'AuthorizationPermissionMismatch' }).end()
      },
      async (store) => {
        const failure = {
          error: { code: 'access', message: expect.stringContaining('Storage Blob Data Reader') },
        }
        expect(await modelJson(['list', '--store', store])).toMatchObject({ code: 5, failure })
      },
    )
  })

  test('when nothing answers, then it is 6', async () => {
    let closed = ''
    await withServer(
      () => {},
      async (store) => {
        closed = store
      },
    )
    expect(await modelJson(['list', '--store', closed])).toMatchObject({
      code: 6,
      failure: { error: { code: 'unreachable', message: expect.stringContaining('ECONNREFUSED') } },
    })
  })

  test('when the folder cannot be written, then it is 8', async () => {
    const store = pathToFileURL(await temporaryFolder()).href
    await model(['publish', await bundle(), '--store', store])
    expect(
      await model(['pull', 'colours', '--out', '/sys/ai-app-test/model', '--store', store]),
    ).toMatchObject({
      code: 8,
      stderr: expect.stringContaining('choose another folder'),
    })
  })

  test.each(['SIGINT', 'SIGTERM'] as const)(
    'when it is told to stop by %s, then it is 130 and nothing is half-done',
    async (signal) => {
      const published = pathToFileURL(await temporaryFolder()).href
      const folder = await bundle()
      await model(['publish', folder, '--store', published])
      const target = join(await temporaryFolder(), 'model')
      await model(['pull', 'colours', '--out', target, '--store', published])
      const before = await readFile(join(target, 'model.json'), 'utf8')
      let asked: () => void = () => {}
      const isAsked = new Promise<void>((resolve) => {
        asked = resolve
      })
      // A store that never answers.
      await withServer(asked, async (store) => {
        const child = start(['pull', 'colours', '--out', target, '--store', store])
        const outcome = outcomeOf(child)
        await isAsked
        child.kill(signal)
        expect(await outcome).toEqual({ code: 130, stdout: '', stderr: 'model: Cancelled.\n' })
      })
      expect(await readdir(join(target, '..'))).toEqual(['model'])
      expect(await readFile(join(target, 'model.json'), 'utf8')).toBe(before)
    },
  )
})

/** A server in place of the emulator. */
async function withServer(listener: RequestListener, body: (store: string) => Promise<void>): Promise<void> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  try {
    await body(`azurite://127.0.0.1:${(server.address() as AddressInfo).port}/models`)
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}
