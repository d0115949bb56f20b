import { readdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { verifyBundle } from '@repo/model-bundle'
import { describeWithAssets, temporaryFolders } from '@repo/testing'
import { model, modelJson } from './helpers/run.js'

const temporaryFolder = temporaryFolders()

describe('model fetch', () => {
  test('when no model is named, then it lists the catalogue', async () => {
    const { code, stdout } = await model(['fetch'])
    expect(code).toBe(0)
    expect(stdout.trim().split('\n')).toHaveLength(9)
    expect(stdout).toMatch(/^mobilenetv2-12-int8 +3\.7 MB +68\.3 % +Apache-2\.0$/m)
    const { answer } = await modelJson(['fetch'])
    expect(answer.models).toHaveLength(8)
  })

  test('when the model is unknown, then the exit code is 3', async () => {
    expect(await model(['fetch', 'resnet-9000'])).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('no model "resnet-9000"'),
    })
  })

  test.each([
    ['MODEL_CACHE_DIR', (folder: string) => ({ MODEL_CACHE_DIR: folder, XDG_CACHE_HOME: homedir() }), ''],
    ['XDG_CACHE_HOME', (folder: string) => ({ XDG_CACHE_HOME: folder }), 'devops-for-ai-apps'],
  ])(
    'when there is no network, then the exit code is 6 and the file to seed is in %s',
    async (_, env, below) => {
      const cache = await temporaryFolder()
      const out = join(await temporaryFolder(), 'bundle')
      const args = ['fetch', 'squeezenet1.1-7', '--out', out, '--base-url', 'http://127.0.0.1:1/']
      const path = join(cache, below, 'squeezenet1.1-7.onnx')
      expect(await modelJson(args, { env: env(cache) })).toEqual({
        code: 6,
        answer: undefined,
        failure: {
          error: { code: 'unreachable', message: expect.stringContaining(`put the file at ${path}`) },
        },
      })
      expect(await readdir(join(out, '..'))).toEqual([])
    },
  )
})

describeWithAssets('model fetch with a seeded cache', (assets) => {
  test('when the model is there, then its bundle is made here without a network', async () => {
    const cwd = await temporaryFolder()
    const env = { MODEL_CACHE_DIR: join(assets, 'models') }
    const { code, stdout, stderr } = await model(['fetch', 'mobilenetv2-12-int8'], { env, cwd })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toBe(
      `${join(cwd, 'mobilenetv2-12-int8')} holds mobilenetv2-12-int8 1.0.0 (0 B downloaded).\n`,
    )
    await verifyBundle(join(cwd, 'mobilenetv2-12-int8'))
  })
})
