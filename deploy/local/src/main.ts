import { BundleError } from '@repo/model-bundle'
import { StoreError } from '@repo/model-loader'
import { readSettings } from './env.js'
import { LaunchError } from './errors.js'
import { type Context, type Prepared, prepareModel } from './launch.js'
import type { Lifetime } from './lifetime.js'
import { help, parseOptions } from './options.js'
import { createOutput } from './output.js'

/**
 * What `npm start` and `npm run dev` share: the command line, the model, and errors as people can use them.
 * @param serveUntilEnd serves the prepared model and resolves with the exit code
 */
export async function main(
  lifetime: Lifetime,
  serveUntilEnd: (context: Context, prepared: Prepared) => Promise<number>,
): Promise<number> {
  let output = createOutput({ redraw: false, colour: false })
  try {
    const options = parseOptions(process.argv.slice(2))
    if (options.help) {
      output.raw(help)
      return 0
    }
    const settings = readSettings()
    output = createOutput(settings)
    lifetime.tell({
      stopping: () => output.stopping(),
      stopped: () => output.line('Stopped, nothing is left running'),
    })
    const context: Context = { options, settings, output, lifetime }
    return await serveUntilEnd(context, await prepareModel(context))
  } catch (error) {
    if (lifetime.signal.aborted) return 0
    const { message, next, exitCode } = describe(error)
    output.error(message, next)
    return exitCode
  }
}

function describe(error: unknown): { message: string; next?: string | undefined; exitCode: number } {
  if (error instanceof LaunchError) return error
  if (error instanceof StoreError) return { ...nextStep(error), message: error.message, exitCode: 1 }
  if (error instanceof BundleError) return { message: error.message, exitCode: 1 }
  const { code, syscall, message, stack } = error as NodeJS.ErrnoException
  if (code !== undefined && syscall !== undefined) {
    return { message, next: 'Mend what it names (space, permissions), then run npm start again', exitCode: 1 }
  }
  return { message: stack ?? String(error), exitCode: 1 }
}

/** What the store's own words leave open: how to go on with this command. */
function nextStep({ code }: StoreError): { next?: string } {
  if (code === 'usage') return { next: 'See npm start -- --help' }
  if (code !== 'not-found') return {}
  return { next: 'Serve another model with --name, or publish this one: npx --no model publish --help' }
}
