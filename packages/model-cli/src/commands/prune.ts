import { pruneModels } from '@repo/model-loader'
import { Command } from 'commander'
import { type Context, positive, type StoreOptions, withStore } from '../context.js'
import { formatBytes } from '../format.js'

export function pruneCommand(context: Context): Command {
  return withStore(new Command('prune'))
    .description('remove old versions, never the latest, and what publishes that never finished left behind')
    .argument('<name>', 'the model')
    .requiredOption('--keep <n>', 'how many of the newest versions stay', positive)
    .option('--yes', 'do it; without this it only says what it would do')
    .action(async (name: string, options: StoreOptions & { keep: number; yes?: boolean }) => {
      const store = context.openStore(options)
      const { signal } = context
      const pruned = await pruneModels(store, name, { keep: options.keep, dryRun: !options.yes, signal })
      const verb = pruned.dryRun ? 'Would remove' : 'Removed'
      const tell = (what: string) => (entry: { version: string; bytes: number }) =>
        `${verb} ${name} ${entry.version}${what} (${formatBytes(entry.bytes)}).`
      const lines = [...pruned.removed.map(tell('')), ...pruned.unfinished.map(tell(', never finished'))]
      if (lines.length === 0) lines.push('There is nothing to remove.')
      else if (pruned.dryRun) lines.push('Add --yes to do it.')
      context.answer(pruned, lines.join('\n'))
    })
}
