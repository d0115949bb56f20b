import {
  type HistoryEntry,
  listModels,
  type ModelVersion,
  modelHistory,
  StoreError,
} from '@repo/model-loader'
import { Command } from 'commander'
import { type Context, type StoreOptions, withStore } from '../context.js'
import { formatBytes, formatTable } from '../format.js'

export function listCommand(context: Context): Command {
  return withStore(new Command('list'))
    .description('list the published versions, newest first')
    .argument('[name]', 'of this model only')
    .option('--history', 'of one model: also every move of its latest, newest first')
    .action(async (name: string | undefined, options: StoreOptions & { history?: boolean }) => {
      const store = context.openStore(options)
      const versions = await listModels(store, name, { signal: context.signal })
      if (name !== undefined && versions.length === 0) {
        throw new StoreError(
          'not-found',
          `${store.url} has no model ${name}. \`model list\` shows what there is.`,
        )
      }
      const { signal } = context
      const history = options.history && name ? await modelHistory(store, name, { signal }) : undefined
      const heading = ['NAME', 'VERSION', 'LATEST SINCE', 'SIZE', 'TOP-1', 'PUBLISHED']
      context.answer(
        { versions, ...(history ? { history } : {}) },
        versions.length > 0
          ? [formatTable([heading, ...versions.map(row)]), ...(history ? [historyTable(history)] : [])].join(
              '\n\n',
            )
          : `${store.url} is empty.`,
      )
    })
}

const withoutMs = (iso: string) => iso.replace(/\.\d+Z$/, 'Z')

function historyTable(history: HistoryEntry[]): string {
  const rows = history.map(({ move, movedAt, movedBy, from, to }) => [
    String(move),
    withoutMs(movedAt),
    movedBy,
    from ?? '-',
    to,
  ])
  return formatTable([['MOVE', 'WHEN', 'WHO', 'FROM', 'TO'], ...rows])
}

function row({ name, version, latest, latestSince, bytes, metrics, publishedAt }: ModelVersion): string[] {
  const top1 = metrics ? `${metrics.top1} %` : '-'
  return [
    name,
    version,
    latest ? withoutMs(latestSince ?? 'latest') : '',
    formatBytes(bytes),
    top1,
    withoutMs(publishedAt),
  ]
}
