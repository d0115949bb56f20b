import { publishModel, readKey } from '@repo/model-loader'
import { Command } from 'commander'
import { type Context, type StoreOptions, withStore } from '../context.js'
import { formatBytes } from '../format.js'

export function publishCommand(context: Context): Command {
  return withStore(new Command('publish'))
    .description('publish the bundle in a folder; a published version never changes')
    .argument('<folder>', 'the bundle: model.json and the files it lists')
    .option('--no-promote', 'do not make it the latest version')
    .option('--sign-key <file>', 'sign it with this private key; see `model keygen`')
    .action(async (folder: string, options: StoreOptions & { promote: boolean; signKey?: string }) => {
      const store = context.openStore(options)
      const { promote } = options
      const signKey =
        options.signKey === undefined ? {} : { signKey: await readKey(options.signKey, 'private') }
      const { signal, onProgress } = context
      const published = await publishModel(store, folder, { promote, signal, onProgress, ...signKey })
      const what = `${published.name} ${published.version}`
      const done = published.alreadyThere
        ? `${what} was in ${store.url} already.`
        : `Published ${what} to ${store.url} (${formatBytes(published.uploadedBytes)}).`
      context.answer(published, promote ? `${done} It is the latest version.` : done)
    })
}
