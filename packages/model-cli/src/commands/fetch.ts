import { type CatalogueModel, catalogue, fetchModel } from '@repo/model-loader'
import { Command } from 'commander'
import type { Context } from '../context.js'
import { cacheFolder } from '../env.js'
import { formatBytes, formatTable } from '../format.js'

export function fetchCommand(context: Context): Command {
  return new Command('fetch')
    .description(
      'make a bundle of a model from the download catalogue (ONNX model zoo); without an id, list it',
    )
    .argument('[id]', 'the model')
    .option('--out <folder>', 'the bundle to make; default: a folder of the same name here')
    .option('--base-url <url>', 'download from a mirror of the zoo')
    .action(async (id: string | undefined, options: { out?: string; baseUrl?: string }) => {
      if (id === undefined) {
        const heading = ['ID', 'DOWNLOAD', 'TOP-1', 'LICENSE']
        context.answer({ models: catalogue }, formatTable([heading, ...catalogue.map(row)]))
        return
      }
      const { signal, onProgress } = context
      const { baseUrl, out = id } = options
      const fetched = await fetchModel(id, {
        ...{ cacheFolder: cacheFolder(), target: out, signal, onProgress },
        ...(baseUrl === undefined ? {} : { baseUrl }),
      })
      const bytes = formatBytes(fetched.downloadedBytes)
      context.answer(
        fetched,
        `${fetched.folder} holds ${fetched.name} ${fetched.version} (${bytes} downloaded).`,
      )
    })
}

function row({ id, bytes, top1, license }: CatalogueModel): string[] {
  return [id, formatBytes(bytes), `${top1} %`, license]
}
