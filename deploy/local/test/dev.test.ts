import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { temporaryFolders } from '@repo/testing'
import { copyCheckout } from './checkout.js'
import { killLeftovers, type Launcher, launch, processesOf, ready } from './launcher.js'

const temporaryFolder = temporaryFolders()
let stateFolder = ''
let checkout = ''
let launcher: Launcher
let url = ''

beforeAll(async () => {
  stateFolder = await temporaryFolder()
  // A name that shells, URLs and curl each stumble over in their own way.
  checkout = join(await temporaryFolder(), "a b's #1 100%25;c,d")
  await copyCheckout(checkout)
  launcher = launch({ stateFolder, checkout, bin: 'dev' })
  url = await ready(launcher)
  await launcher.printed('Watching')
})

afterAll(async () => {
  await killLeftovers(stateFolder)
})

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(checkout, path)), { recursive: true })
  await writeFile(join(checkout, path), text)
}

async function prepend(path: string, line: string): Promise<void> {
  await write(path, `${line}\n${await readFile(join(checkout, path), 'utf8')}`)
}

/** Resolves when the app answers with this header. */
async function live(header: string, value: string | null): Promise<void> {
  for (;;) {
    const answer = await fetch(`${url}/healthz`).catch(() => undefined)
    await answer?.body?.cancel()
    if (answer && answer.headers.get(header) === value) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** A module that makes every HTTP answer of its process carry a header. */
const headerModule = (header: string, value: string) => `
  import { ServerResponse } from 'node:http'
  const { writeHead } = ServerResponse.prototype
  ServerResponse.prototype.writeHead = function (this: ServerResponse, ...args: never[]) {
    this.setHeader('${header}', '${value}' as string)
    return writeHead.apply(this, args)
  } as typeof writeHead
`

describe('npm run dev', () => {
  test('when sources of the app or of a package change, then the app runs them', async () => {
    await write('apps/inference/src/new/module.ts', headerModule('x-app', 'one'))
    await prepend('apps/inference/src/main.ts', "import './new/module.js'")
    await live('x-app', 'one')
    await write('apps/inference/src/new/module.ts', headerModule('x-app', 'two'))
    await live('x-app', 'two')

    await write('packages/model-bundle/src/module.ts', headerModule('x-package', 'one'))
    await prepend('packages/model-bundle/src/index.ts', "import './module.js'")
    await live('x-package', 'one')
  })

  test('when a source has a syntax error, then it is shown and the app runs on until it is mended', async () => {
    await write('apps/inference/src/new/module.ts', 'export const broken = (\n')
    await launcher.printed('export const broken = (')
    await launcher.printed('The app runs on as it was')
    await live('x-app', 'two')
    await write('apps/inference/src/new/module.ts', headerModule('x-app', 'three'))
    await live('x-app', 'three')
  })

  test('when the app fails with a change, then its words are shown and the next change starts it again', async () => {
    await write('apps/inference/src/new/module.ts', "throw new Error('on purpose')\n")
    await launcher.printed('Error: on purpose')
    await launcher.printed('Change a source file to try again')
    await write('apps/inference/src/new/module.ts', headerModule('x-app', 'four'))
    await live('x-app', 'four')
  })

  test('when a source is removed, then what was made of it is no longer there to be imported', async () => {
    const printedSoFar = launcher.output().length
    await rm(join(checkout, 'apps/inference/src/new'), { recursive: true })
    await launcher.printed('ERR_MODULE_NOT_FOUND')
    expect(launcher.output().slice(printedSoFar)).toContain('module.js')
    const main = 'apps/inference/src/main.ts'
    await write(
      main,
      (await readFile(join(checkout, main), 'utf8')).replace("import './new/module.js'\n", ''),
    )
    await live('x-app', null)
  })

  test('when a file of the demo page changes, then the app serves the new page', async () => {
    const words = 'apps/inference/web/texts/en.ts'
    const text = await readFile(join(checkout, words), 'utf8')
    await write(words, text.replace('Show the model an image', 'Another heading'))
    for (let script = ''; !script.includes('Another heading'); ) {
      await new Promise((resolve) => setTimeout(resolve, 50))
      const page = await (await fetch(url, { headers: { accept: 'text/html' } })).text()
      const path = /src="(.*?)"/.exec(page)?.[1] ?? ''
      script = await (await fetch(new URL(path, url))).text()
    }
  })

  test('when ended by Ctrl-C, then nothing is left', async () => {
    expect(await launcher.stop()).toBe(0)
    expect(processesOf(stateFolder)).toEqual([])
  })
})
