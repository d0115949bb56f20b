import { pullModel, readKey } from '@repo/model-loader'
import { Command } from 'commander'
import { type Context, collect, type StoreOptions, withStore } from '../context.js'
import { formatBytes } from '../format.js'

interface PullCommandOptions extends StoreOptions {
  out: string
  version: string
  trust: string[]
  verify?: boolean
}

export function pullCommand(context: Context): Command {
  return withStore(new Command('pull'))
    .description('bring a model into a folder, checked and all at once; a model that is there is replaced')
    .argument('<name>', 'the model')
    .requiredOption('--out <folder>', 'the model folder')
    .option('--version <version>', 'which version', 'latest')
    .option('--trust <file>', 'refuse what this public key has not signed; may be repeated', collect, [])
    .option('--verify', 'read and hash every byte of a model that is there already')
    .action(async (name: string, options: PullCommandOptions) => {
      const { out, version, verify = false } = options
      const keys = await Promise.all(options.trust.map((path) => readKey(path, 'public')))
      const store = context.openStore(options)
      const { signal, onProgress } = context
      const trust = keys.length > 0 ? { trust: keys } : {}
      const pulled = await pullModel(store, name, out, { version, verify, signal, onProgress, ...trust })
      const what = `${pulled.name} ${pulled.version}`
      const bytes = `${formatBytes(pulled.downloadedBytes)} downloaded, ${formatBytes(pulled.reusedBytes)} reused`
      context.answer(
        pulled,
        pulled.changed
          ? `Pulled ${what} into ${pulled.folder} (${bytes}).`
          : `${pulled.folder} holds ${what} already.`,
      )
    })
}
