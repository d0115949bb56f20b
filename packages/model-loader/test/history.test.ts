import { expect, test } from '@jest/globals'
import { temporaryFolders } from '@repo/testing'
import { listModels, modelHistory, promoteModel, pruneModels, publishModel, pullModel } from '../src/index.js'
import { isLong } from './env.js'
import { writeBundle } from './helpers/bundles.js'
import { describeStores } from './helpers/stores.js'

const temporaryFolder = temporaryFolders()
const ROUNDS = isLong ? 400 : 100

async function bundle(version: string, files = {}) {
  const folder = await temporaryFolder()
  await writeBundle(folder, { version, files })
  return folder
}

describeStores('the history in', temporaryFolder, (open) => {
  test('when latest moves, then the log says who moved it, when, from what to what', async () => {
    const { store } = await open()
    await publishModel(store, await bundle('1.0.0'), { by: 'ann' })
    await publishModel(store, await bundle('2.0.0'), { by: 'bob' })
    await promoteModel(store, 'clothes', '1.0.0', { by: 'ann' })
    await promoteModel(store, 'clothes', '1.0.0', { by: 'eve' })
    const movedAt = expect.stringMatching(/^\d{4}-.*Z$/)
    const history = await modelHistory(store, 'clothes')
    expect(history).toEqual([
      { move: 3, movedAt, movedBy: 'ann', from: '2.0.0', to: '1.0.0' },
      { move: 2, movedAt, movedBy: 'bob', from: '1.0.0', to: '2.0.0' },
      { move: 1, movedAt, movedBy: 'ann', to: '1.0.0' },
    ])
    const latest = (await listModels(store, 'clothes')).find((version) => version.latest)
    expect(latest?.latestSince).toBe(history[0]?.movedAt)
  })

  test('when a publisher is killed before it logs its move, then the history tells it all the same', async () => {
    const { store, remove } = await open()
    await publishModel(store, await bundle('1.0.0'))
    await remove('clothes/history/00000001.json')
    expect(await modelHistory(store, 'clothes')).toMatchObject([{ move: 1, to: '1.0.0' }])
    await publishModel(store, await bundle('2.0.0'))
    expect(await modelHistory(store, 'clothes')).toMatchObject([{ move: 2 }, { move: 1, to: '1.0.0' }])
  })

  test('when the pointer was removed, then the history goes on', async () => {
    const { store, remove } = await open()
    await publishModel(store, await bundle('1.0.0'))
    await remove('clothes/latest.json')
    await promoteModel(store, 'clothes', '1.0.0')
    expect(await modelHistory(store, 'clothes')).toMatchObject([{ move: 2 }, { move: 1 }])
  })

  test(`when two publish different versions at once, ${ROUNDS} times, then nothing is lost`, async () => {
    const { store } = await open()
    const [one, two] = await Promise.all([bundle('1.0.0'), bundle('2.0.0')])
    await publishModel(store, one, { promote: false })
    await publishModel(store, two, { promote: false })
    for (let round = 0; round < ROUNDS; round++) {
      await Promise.all([publishModel(store, one, { by: 'one' }), publishModel(store, two, { by: 'two' })])
    }
    const versions = await listModels(store, 'clothes')
    expect(versions).toHaveLength(2)
    const history = (await modelHistory(store, 'clothes')).reverse()
    expect(history.length).toBeGreaterThanOrEqual(ROUNDS)
    history.forEach(({ move, from, to, movedBy }, index) => {
      expect(move).toBe(index + 1)
      expect(from).toBe(history[index - 1]?.to)
      expect(movedBy).toBe(to === '1.0.0' ? 'one' : 'two')
    })
    expect(versions.find(({ latest }) => latest)?.version).toBe(history.at(-1)?.to)
  })
})

describeStores('pruning', temporaryFolder, (open) => {
  async function filled() {
    const opened = await open()
    for (const version of ['1.0.0', '1.1.0', '1.2.0', '2.0.0']) {
      await publishModel(opened.store, await bundle(version))
    }
    await promoteModel(opened.store, 'clothes', '1.0.0')
    return opened
  }

  test('when it is a dry run, then it tells what would go and nothing goes', async () => {
    const { store } = await filled()
    expect(await pruneModels(store, 'clothes', { keep: 2 })).toEqual({
      name: 'clothes',
      dryRun: true,
      removed: [{ version: '1.1.0', bytes: expect.any(Number) }],
      unfinished: [],
      kept: ['2.0.0', '1.2.0', '1.0.0'],
    })
    expect(await listModels(store)).toHaveLength(4)
  })

  test('when it is meant, then the newest and the latest stay, and what stays can be pulled', async () => {
    const { store } = await filled()
    await pruneModels(store, 'clothes', { keep: 1, dryRun: false })
    expect((await listModels(store)).map(({ version }) => version)).toEqual(['2.0.0', '1.0.0'])
    for await (const { key } of store.list('clothes/1.1.0/')) expect(key).toBe('nothing')
    await pullModel(store, 'clothes', `${await temporaryFolder()}/model`)
    expect(await modelHistory(store, 'clothes')).toHaveLength(5)
  })

  test('when a publish is under way, then its files stay', async () => {
    const { store, put } = await filled()
    await put('clothes/3.0.0/model.onnx', 'half')
    expect(await pruneModels(store, 'clothes', { keep: 1, dryRun: false })).toMatchObject({ unfinished: [] })
    expect(await store.head('clothes/3.0.0/model.onnx')).toBeDefined()
  })

  test('when a publish was given up more than a day ago, then its files go', async () => {
    const { store, put } = await filled()
    await put('clothes/3.0.0/model.onnx', 'half')
    const now = Date.now
    Date.now = () => now() + 25 * 3600 * 1000
    try {
      const pruned = await pruneModels(store, 'clothes', { keep: 9, dryRun: false })
      expect(pruned).toMatchObject({ removed: [], unfinished: [{ version: '3.0.0', bytes: 4 }] })
    } finally {
      Date.now = now
    }
    expect(await store.head('clothes/3.0.0/model.onnx')).toBeUndefined()
    expect(await listModels(store)).toHaveLength(4)
  })

  test('when a version is promoted while it is pruned, many times over, then latest can always be pulled', async () => {
    const { store } = await open()
    const folders = await Promise.all(['1.0.0', '2.0.0'].map((version) => bundle(version)))
    for (let round = 0; round < 15; round++) {
      for (const folder of folders) await publishModel(store, folder)
      await Promise.allSettled([
        pruneModels(store, 'clothes', { keep: 1, dryRun: false }),
        promoteModel(store, 'clothes', '1.0.0'),
      ])
      await pullModel(store, 'clothes', `${await temporaryFolder()}/model`)
    }
  })

  test.each([0, 1.5, Number.NaN])(
    'when %d versions are to be kept, then that is wrong usage',
    async (keep) => {
      const { store } = await open()
      await expect(pruneModels(store, 'clothes', { keep })).rejects.toMatchObject({ code: 'usage' })
    },
  )
})
