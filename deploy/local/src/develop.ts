import { relative } from 'node:path'
import { launch } from '@repo/inference/launch'
import { root } from './env.js'
import { LaunchError } from './errors.js'
import type { Context, Prepared } from './launch.js'
import { type ServeOptions, type Serving, serve, showReady } from './serve.js'
import { applyChanges, findWorkspaces } from './transform.js'
import { type Changes, watchFolders } from './watch.js'

/** A developer waits for nobody's requests but their own. */
const STOP_GRACE_MS = 1_000
const NOTHING: Changes = { changed: [], removed: [] }

/** Serves the model and, whenever a source file changes, brings the built files up to date and restarts the app. */
export async function develop(context: Context, prepared: Prepared): Promise<number> {
  const { output, lifetime } = context
  const workspaces = await findWorkspaces(root)
  let port: number | undefined
  let serving: Serving | undefined

  const start = async (options: ServeOptions) => {
    try {
      // Not the bundle: single files of it could not be replaced.
      serving = await serve(context, prepared, { main: launch.mainOfManyFiles, ...options })
      const started = serving
      port = started.port
      void started.app.ended.then(({ how }) => {
        if (serving !== started || lifetime.signal.aborted) return
        output.error(`The app ended (${how}).`, 'It starts again at the next change of a source file')
      })
    } catch (error) {
      if (!(error instanceof LaunchError)) throw error
      output.error(error.message, 'Change a source file to try again')
    }
  }

  let pending = NOTHING
  const reload = async () => {
    const batch = pending
    pending = NOTHING
    if (lifetime.signal.aborted || batch === NOTHING) return
    try {
      if ((await applyChanges(workspaces, batch)) === 0) return
    } catch (error) {
      // The good files of this batch are to follow together with the mended one.
      pending = merge(batch, pending)
      output.error((error as Error).message.trimEnd(), 'The app runs on as it was')
      return
    }
    const old = serving
    serving = undefined
    await old?.app.stop(STOP_GRACE_MS)
    await start({ title: `Restart the app: ${describe(batch)}`, ...(port === undefined ? {} : { port }) })
  }

  await start({})
  if (serving) await showReady(context, prepared, serving)
  let reloading = Promise.resolve()
  let fail: (error: unknown) => void = () => {}
  const failed = new Promise<never>((_, reject) => {
    fail = reject
  })
  const watching = await watchFolders(
    workspaces.map(({ src }) => src),
    (changes) => {
      pending = merge(pending, changes)
      reloading = reloading.then(reload).catch(fail)
    },
  )
  lifetime.atEnd(async () => watching.close())
  // The app serves the page from its files: a new one needs no restart. Vite is loaded only here.
  const { watchPage } = await import('@repo/inference/page')
  lifetime.atEnd(await watchPage((message) => output.error(message, 'The page stays as it was')))
  output.line('Watching apps/*/src, packages/*/src and apps/inference/web')
  return await Promise.race([failed, lifetime.untilAsked()])
}

/** What two batches come to; the later one has the last word on a file. */
function merge(earlier: Changes, later: Changes): Changes {
  const without = (paths: string[], gone: string[]) => paths.filter((path) => !gone.includes(path))
  return {
    changed: [...new Set([...without(earlier.changed, later.removed), ...later.changed])],
    removed: [...new Set([...without(earlier.removed, later.changed), ...later.removed])],
  }
}

function describe({ changed, removed }: Changes): string {
  const [first = '', ...others] = [...changed, ...removed].map((path) => relative(root, path))
  return others.length === 0 ? first : `${first} and ${others.length} more`
}
