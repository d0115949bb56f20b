import { join } from 'node:path'
import { launch } from '@repo/inference/launch'
import { readBundle } from '@repo/model-bundle'
import { sampleBundles } from '@repo/sample-model'
import { type App, type AppEnd, startApp } from './app.js'
import { LaunchError } from './errors.js'
import { curlCommand } from './format.js'
import type { Context, Prepared } from './launch.js'
import { findFreePort } from './ports.js'

export interface Serving {
  app: App
  port: number
}

export interface ServeOptions {
  title?: string
  /** Default: the setting. The next free one if it is taken. */
  port?: number
  /** What is started. Default: the app as the container starts it. */
  main?: string
}

/**
 * Starts the app on the first free port and waits until it is ready.
 * @throws LaunchError with the app's last words when it isn't
 */
export async function serve(
  context: Context,
  { bundle }: Prepared,
  { title = 'Start the app', port: first = context.settings.port, main = launch.main }: ServeOptions = {},
): Promise<Serving> {
  const { settings, output, lifetime } = context
  const { host } = settings
  if (settings.ignoredHost !== undefined) {
    output.line(`  HOST=${settings.ignoredHost} is no address to listen on; ${host} is used`)
  }
  const step = output.step(title)
  let wanted = first
  for (;;) {
    const port = await findFreePort(wanted, host)
    const app = startApp({
      ...{ main, host, port, lifetime },
      modelFolder: bundle.folder,
      environment: { GRAPH_CACHE_DIR: join(settings.stateFolder, 'graphs'), ...settings.inherited },
      onOutput: (chunk) => output.log(chunk),
    })
    lifetime.atEnd(() => app.stop())
    const end = await app.ready()
    if (end === undefined) {
      const taken = first !== 0 && port !== first ? `, because port ${first} is taken` : ''
      step.done(`The app listens on port ${port}${taken}`)
      return { app, port }
    }
    await app.stop()
    // Somebody may have taken it between our look and the app's.
    if (!end.portTaken && (await findFreePort(port, host)) === port) throw appFailure(context, end)
    wanted = port === 65535 ? 0 : port + 1
  }
}

function appFailure({ output }: Context, end: AppEnd): LaunchError {
  if (end.lastOutput !== '') output.log(Buffer.from(`${end.lastOutput}\n`))
  return new LaunchError(`The app did not become ready (${end.how}).`, 'Its last output is above')
}

/** The URL, one command that works when pasted, and how to stop. */
export async function showReady(context: Context, prepared: Prepared, { app }: Serving): Promise<void> {
  const { output } = context
  const { name, version } = prepared.bundle.manifest
  const { file, label } = await sampleImage(prepared)
  output.line()
  output.line(`${output.bold(app.url)} serves ${name} ${version}`)
  output.line()
  output.line(`Ask it${label === undefined ? '' : ` (the image shows: ${label})`}:`)
  output.line(`  ${curlCommand(app.url, file)}`)
  output.line()
  output.line(`The model store is ${prepared.storeUrl}`)
  output.line('Ctrl-C stops everything.')
  output.line()
}

/** One of the model's own samples; else one of the sample model's, whose labels the model does not know. */
async function sampleImage({ bundle }: Prepared): Promise<{ file: string; label?: string }> {
  const [own] = bundle.manifest.samples
  if (own !== undefined) return { file: join(bundle.folder, own.file), label: own.label }
  const fallback = sampleBundles.at(-1) ?? ''
  const [sample] = (await readBundle(fallback)).manifest.samples
  return { file: join(fallback, sample?.file ?? '') }
}
