import { parseArgs } from 'node:util'
import { usageError } from './errors.js'

export interface Options {
  /** A model of the download catalogue, to fetch, publish and serve. */
  model?: string
  /** The name of a model that the store already holds. */
  name?: string
  /** A real store's URL instead of the emulator. */
  store?: string
  help: boolean
}

export const help = `npm start                                 the sample model, on http://127.0.0.1:8080
npm start -- --model mobilenetv2-12-int8  download a model of the catalogue, publish it, serve it
npm start -- --name <model>               serve another model that the store holds
npm start -- --store <url>                use a real store instead of the emulator; nothing is published to it
                                          unless --model is given
npm run dev                               the same options, and a reload whenever a source file changes

Settings (environment variables):
  PORT             where the app listens; the next free port if it is taken (8080; 0 is any free port)
  HOST             the address it binds to (127.0.0.1)
  MODEL_CACHE_DIR  where downloaded models are kept (the user's cache folder)
  LOCAL_STATE_DIR  the emulator's data and the pulled model (.local in the checkout; delete it to begin anew)
  GRAPH_CACHE_DIR  models optimised for this machine's CPU (graphs in LOCAL_STATE_DIR; set but empty: none are made)
  NO_COLOR         no colours

Ctrl-C stops everything; a second Ctrl-C stops it at once.
`

/**
 * Reads the command line.
 * @throws LaunchError with exit code 2 for an unknown or contradictory option
 */
export function parseOptions(args: string[]): Options {
  const values = parse(args)
  const { help: wantsHelp = false, ...rest } = values
  for (const [option, value] of Object.entries(rest)) {
    if (value === '') throw usageError(`--${option} needs a value.`)
  }
  if (rest.model !== undefined && rest.name !== undefined) {
    throw usageError('--model and --name exclude each other: a catalogue model is served by its own name.')
  }
  return { help: wantsHelp, ...rest }
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        model: { type: 'string' },
        name: { type: 'string' },
        store: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values
  } catch (error) {
    throw usageError((error as Error).message.replace(/\. To specify.*$/s, '.'))
  }
}
