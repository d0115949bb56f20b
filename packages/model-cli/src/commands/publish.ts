import { publishModel } from '@repo/model-loader'
import { Command } from 'commander'
import { type Context, storeOf, withStore } from '../context.js'
import { formatBytes } from '../format.js'

export function publishCommand(context: Context): Command {
  return withStore(new Command('publish'))
    .description('publish the bundle in a folder; a published version never changes')
    .argument('<folder>', 'the bundle: model.json and the files it lists')
    .option('--no-promote', 'do not make it the latest version')
    .action(async (folder: string, options: { store?: string; promote: boolean }) => {
      const store = storeOf(options)
      const { promote } = options
      const { signal, onProgress } = context
      const published = await publishModel(store, folder, { promote, signal, onProgress })
      const what = `${published.name} ${published.version}`
      const done = published.alreadyThere
        ? `${what} was in ${store.url} already.`
        : `Published ${what} to ${store.url} (${formatBytes(published.uploadedBytes)}).`
      context.answer(published, promote ? `${done} It is the latest version.` : done)
    })
}
