import { promoteModel } from '@repo/model-loader'
import { Command } from 'commander'
import { type Context, type StoreOptions, withStore } from '../context.js'

export function promoteCommand(context: Context): Command {
  return withStore(new Command('promote'))
    .description('make a published version the latest one; an older one too, to take a release back')
    .argument('<name>', 'the model')
    .argument('<version>', 'which version')
    .action(async (name: string, version: string, options: StoreOptions) => {
      const store = context.openStore(options)
      const { previous } = await promoteModel(store, name, version, { signal: context.signal })
      const before = previous === undefined ? 'there was none before' : `before it was ${previous}`
      context.answer(
        { name, version, previous: previous ?? null },
        previous === version
          ? `${version} is the latest version of ${name} already.`
          : `The latest version of ${name} is now ${version}; ${before}.`,
      )
    })
}
