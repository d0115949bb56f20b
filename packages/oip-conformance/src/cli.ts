import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { apiKey } from './env.js'
import { ConformanceError } from './errors.js'
import { count, formatJson, formatReport } from './report.js'
import { type ConformanceOptions, runConformance } from './run.js'

const HELP = `oip-conformance <base-url> [options]

Checks that the server at <base-url> speaks the Open Inference Protocol v2 over HTTP.

  --model <name>     the model to ask; the protocol has no list of models, so it may be left out only
                     where the server's GET /version tells {"model": {"name": ...}}
  --image <file>     an image that the model takes; by default a small PNG is made
  --max-body <bytes> the server's limit for a body; without it the check of 413 is skipped
  --free-size <n>    what a free dimension (-1) other than the first is set to; 32 by default
  --timeout <secs>   the longest that one answer may take; 10 by default
  --json             print JSON instead of a table
  --help             print this

Environment:
  OIP_API_KEY        sent as a bearer token with every request, where the server wants a key

Exit codes: 0 all passed, 1 a check failed, 2 wrong usage, 3 the server is not reachable.
`

const EXIT = { passed: 0, failed: 1, usage: 2, unreachable: 3 }

process.exitCode = await main(process.argv.slice(2))

async function main(args: string[]): Promise<number> {
  try {
    const parsed = parse(args)
    if (parsed === 'help') {
      process.stdout.write(HELP)
      return EXIT.passed
    }
    const { json, image, ...options } = parsed
    const results = await runConformance({
      ...options,
      ...(image && { image: await readImage(image) }),
      ...(apiKey && { apiKey }),
    })
    process.stdout.write(`${json ? formatJson(results) : formatReport(results)}\n`)
    return count(results).failed > 0 ? EXIT.failed : EXIT.passed
  } catch (error) {
    if (!(error instanceof ConformanceError)) throw error
    const hint = error.code === 'usage' ? '; see --help' : ': is the server running at that address?'
    process.stderr.write(`oip-conformance: ${error.message}${hint}\n`)
    return EXIT[error.code]
  }
}

type Parsed = Omit<ConformanceOptions, 'image'> & { json: boolean; image: string | undefined }

function parse(args: string[]): Parsed | 'help' {
  const { values, positionals } = parseStrictly(args)
  if (values.help) return 'help'
  const [baseUrl, ...more] = positionals
  if (baseUrl === undefined || more.length > 0) throw new ConformanceError('usage', 'give one base URL')
  if (values.model === '') throw new ConformanceError('usage', '--model needs a name')
  return {
    baseUrl,
    json: values.json ?? false,
    image: values.image,
    ...(values.model !== undefined && { model: values.model }),
    // Timers hold up to 2^31 ms; an hour is far beyond any answer worth waiting for.
    ...(values.timeout !== undefined && { timeoutMs: 1000 * number('--timeout', values.timeout, 3600) }),
    ...(values['free-size'] !== undefined && {
      freeSize: Math.ceil(number('--free-size', values['free-size'], 4096)),
    }),
    ...(values['max-body'] !== undefined && {
      maxBodyBytes: Math.floor(number('--max-body', values['max-body'], 2 ** 28)),
    }),
  }
}

function parseStrictly(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        model: { type: 'string' },
        image: { type: 'string' },
        'max-body': { type: 'string' },
        'free-size': { type: 'string' },
        timeout: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    })
  } catch (error) {
    // Node explains at length; the first sentence says what is wrong.
    throw new ConformanceError('usage', (error as Error).message.split(/\.(\s|$)/)[0] ?? '')
  }
}

function number(option: string, text: string, highest: number): number {
  const value = Number(text)
  if (!(value > 0 && value <= highest))
    throw new ConformanceError('usage', `${option} must be a number above 0, at most ${highest}; got ${text}`)
  return value
}

async function readImage(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file)
  } catch (error) {
    throw new ConformanceError('usage', `--image cannot be read: ${(error as Error).message}`)
  }
}
