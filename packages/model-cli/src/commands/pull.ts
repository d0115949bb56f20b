import { pullModel } from '@repo/model-loader'
import { Command } from 'commander'
import { type Context, storeOf, withStore } from '../context.js'
import { formatBytes } from '../format.js'

export function pullCommand(context: Context): Command {
  return withStore(new Command('pull'))
    .description('bring a model into a folder, checked and all at once; a model that is there is replaced')
    .argument('<name>', 'the model')
    .requiredOption('--out <folder>', 'the model folder')
    .option('--version <version>', 'which version', 'latest')
    .action(async (name: string, options: { store?: string; out: string; version: string }) => {
      const { signal, onProgress } = context
      const { out, version } = options
      const pulled = await pullModel(storeOf(options), name, out, { version, signal, onProgress })
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
