import { join, relative } from 'node:path'
import type { Bundle } from '@repo/model-bundle'
import { type ModelStore, openStore, StoreError } from '@repo/model-loader'
import { sampleModelName } from '@repo/sample-model'
import { type Emulator, openEmulator } from './emulator.js'
import type { Settings } from './env.js'
import type { Lifetime } from './lifetime.js'
import {
  checkCatalogueId,
  fetchCatalogueModel,
  publishFetched,
  publishSamples,
  pull,
  type StepContext,
  type Wanted,
} from './models.js'
import type { Options } from './options.js'
import type { Output } from './output.js'

/** What every part of the launcher works with. */
export interface Context {
  options: Options
  settings: Settings
  output: Output
  lifetime: Lifetime
}

export interface Prepared {
  /** The pulled and verified model. */
  bundle: Bundle
  storeUrl: string
}

const CONTAINER = 'models'
/** A process beside us that fails twice is not busy but damaged, and then gets a fresh start. */
const EMULATOR_RETRY = { tries: 2, stallMs: 10_000 }

/** Everything before the app: store, publish, pull. */
export async function prepareModel(context: Context): Promise<Prepared> {
  const { options, settings } = context
  if (options.model !== undefined) checkCatalogueId(options.model)
  const fetched = options.model === undefined ? undefined : await fetchStep(context, options.model)
  const fill = async (store: ModelStore): Promise<Bundle> => {
    const wanted = await publishStep(context, store, fetched)
    const step = stepContext(context, `Pull ${wanted.name} from the store`)
    return await pull(store, wanted, settings.stateFolder, step)
  }
  if (options.store === undefined) return await prepareInEmulator(context, fill)
  return { bundle: await fill(openStore(options.store)), storeUrl: options.store }
}

async function prepareInEmulator(
  context: Context,
  fill: (store: ModelStore) => Promise<Bundle>,
): Promise<Prepared> {
  let emulator = await openStep(context)
  // Its latest self: it may have been started again.
  context.lifetime.atEnd(() => emulator.stop())
  const prepare = async () => {
    const storeUrl = `${emulator.url}/${CONTAINER}`
    return { bundle: await fill(openStore(storeUrl, { retry: EMULATOR_RETRY })), storeUrl }
  }
  try {
    return await prepare()
  } catch (error) {
    if (context.lifetime.signal.aborted || !isEmulatorsFault(error, context.options)) throw error
    context.output.line(`  ${(error as Error).message}`)
    emulator = emulator.shared ? await openStep(context) : await restartStep(context, emulator)
    return await prepare()
  }
}

/**
 * Azurite may have lost or damaged what it acknowledged just before it was killed, and a shared one may have ended with
 * its launcher. A model that nobody ever published is no damage.
 */
function isEmulatorsFault(error: unknown, { name = sampleModelName, model }: Options): boolean {
  if (!(error instanceof StoreError)) return false
  const isSample = model === undefined && name === sampleModelName
  switch (error.code) {
    case 'integrity':
    case 'unreachable':
      return true
    case 'not-found':
      return isSample || model !== undefined
    case 'conflict':
      // The bundled versions are the checkout's; what they meet in the emulator is damaged or of another checkout.
      return isSample
    default:
      return false
  }
}

async function restartStep(context: Context, emulator: Emulator): Promise<Emulator> {
  const { step } = stepContext(context, 'Start Azurite without its data')
  const fresh = await emulator.startAfresh()
  step.done(`Azurite started again, empty, at ${fresh.url}`)
  return fresh
}

async function openStep(context: Context): Promise<Emulator> {
  const { settings, lifetime, output } = context
  const { step } = stepContext(context, 'Start Azurite, the Blob storage emulator')
  const notice = (text: string) => output.line(`  ${text}`)
  const emulator = await openEmulator({ stateFolder: settings.stateFolder, lifetime, notice })
  const data = shown(join(settings.stateFolder, 'azurite'))
  step.done(
    emulator.shared
      ? `Azurite of another npm start is in use, at ${emulator.url}`
      : `Azurite listens at ${emulator.url}, its data is in ${data}`,
  )
  void emulator.died.then((reason) => output.line(`${reason}. The app goes on; restart to publish models.`))
  return emulator
}

/** A path as short as it can be. */
function shown(path: string): string {
  const fromHere = relative(process.cwd(), path)
  return fromHere.startsWith('..') ? path : fromHere
}

async function fetchStep(context: Context, id: string): Promise<string> {
  return await fetchCatalogueModel(id, context.settings, stepContext(context, `Download ${id}`))
}

async function publishStep(
  context: Context,
  store: ModelStore,
  fetched: string | undefined,
): Promise<Wanted> {
  const { options } = context
  if (fetched !== undefined) {
    return await publishFetched(store, fetched, stepContext(context, 'Publish the model'))
  }
  // A real store is other people's too: nothing goes there unasked.
  if (options.store === undefined)
    await publishSamples(store, stepContext(context, 'Publish the sample model'))
  return { name: options.name ?? sampleModelName }
}

function stepContext({ output, lifetime }: Context, title: string): StepContext {
  return { step: output.step(title), signal: lifetime.signal }
}
