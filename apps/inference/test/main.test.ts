import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from '@jest/globals'
import { temporaryFolders } from '@repo/testing'
import { sampleBundle } from './support.js'

const temporaryFolder = temporaryFolders()
const main = fileURLToPath(new URL('../dist/main.js', import.meta.url))

interface Started {
  child: ChildProcess
  output(): string
  /** Resolves with the port once the log says it. */
  port: Promise<number>
  ended: Promise<{ code: number | null; signal: string | null }>
}

function start(env: Record<string, string>): Started {
  const child = spawn(process.execPath, [main], {
    env: { HOST: '127.0.0.1', PORT: '0', MODEL_DIR: sampleBundle, WORKERS: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const port = new Promise<number>((resolve) => {
    const read = (chunk: Buffer) => {
      output += chunk
      const match = /"port":(\d+)/.exec(output)
      if (match) resolve(Number(match[1]))
    }
    child.stdout?.on('data', read)
    child.stderr?.on('data', read)
  })
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal }))
  return { child, output: () => output, port, ended }
}

async function ready(port: number): Promise<void> {
  while (!(await fetch(`http://127.0.0.1:${port}/readyz`)).ok)
    await new Promise((resolve) => setTimeout(resolve, 20))
}

describe('the process', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)(
    'when it gets %s, then it ends with exit code 0',
    async (signal) => {
      const app = start({})
      await ready(await app.port)
      app.child.kill(signal)
      expect(await app.ended).toEqual({ code: 0, signal: null })
      expect(app.output()).toContain('stopped')
    },
  )

  test('when it gets SIGTERM while the model loads, then it ends with exit code 0', async () => {
    const app = start({})
    await app.port
    app.child.kill('SIGTERM')
    expect(await app.ended).toEqual({ code: 0, signal: null })
  })

  test('when a variable is wrong, then it names it and ends with exit code 2', async () => {
    const app = start({ PORT: 'eighty', MAX_IMAGES: '0' })
    expect(await app.ended).toEqual({ code: 2, signal: null })
    expect(app.output()).toMatch(/PORT: .*\n.*MAX_IMAGES: /)
  })

  test('when there is no model, then it says so and ends with exit code 1', async () => {
    const folder = await temporaryFolder()
    const app = start({ MODEL_DIR: folder })
    expect(await app.ended).toEqual({ code: 1, signal: null })
    expect(app.output()).toContain(`${folder} is not a model bundle`)
  })

  test('when the port is taken, then it says so and ends with exit code 1', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const app = start({ PORT: String((other.address() as { port: number }).port) })
    expect(await app.ended).toEqual({ code: 1, signal: null })
    expect(app.output()).toContain('EADDRINUSE')
    other.close()
  })
})
