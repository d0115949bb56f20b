import { listModels, type ModelVersion, StoreError } from '@repo/model-loader'
import { Command } from 'commander'
import { type Context, storeOf, withStore } from '../context.js'
import { formatBytes, formatTable } from '../format.js'

export function listCommand(context: Context): Command {
  return withStore(new Command('list'))
    .description('list the published versions, newest first')
    .argument('[name]', 'of this model only')
    .action(async (name: string | undefined, options: { store?: string }) => {
      const store = storeOf(options)
      const versions = await listModels(store, name, { signal: context.signal })
      if (name !== undefined && versions.length === 0) {
        throw new StoreError(
          'not-found',
          `${store.url} has no model ${name}. \`model list\` shows what there is.`,
        )
      }
      const heading = ['NAME', 'VERSION', 'LATEST', 'SIZE', 'TOP-1', 'PUBLISHED']
      context.answer(
        { versions },
        versions.length > 0 ? formatTable([heading, ...versions.map(row)]) : `${store.url} is empty.`,
      )
    })
}

function row({ name, version, latest, bytes, metrics, publishedAt }: ModelVersion): string[] {
  const top1 = metrics ? `${metrics.top1} %` : '-'
  return [
    name,
    version,
    latest ? 'latest' : '',
    formatBytes(bytes),
    top1,
    publishedAt.replace(/\.\d+Z$/, 'Z'),
  ]
}
