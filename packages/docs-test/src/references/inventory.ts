import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { parse } from 'yaml'
import { readersEnvironment } from '../env.js'
import type { Checkout } from './checkout.js'

/** What there is to be documented: name -> the file that defines it. */
export interface Inventory {
  /** Settings: of `env.ts` files and of scripts. */
  variables: Map<string, string>
  /** Every word of the code that looks like a variable. */
  wordsOfCode: Set<string>
  npmScripts: Map<string, string>
  scripts: Map<string, string>
  values: Map<string, string>
  /** Command as the docs write it -> its help. */
  helps: Map<string, string>
  /** Command as the docs write it -> its options. */
  flags: Map<string, Set<string>>
}

/** Our commands as the docs write them, and how their help is asked for. */
export const COMMANDS: Record<string, { bin: string; helps: string[][] }> = {
  'npx --no model': {
    bin: 'packages/model-cli/bin/model.js',
    helps: ['init', 'publish', 'pull', 'list', 'promote', 'prune', 'verify', 'keygen', 'fetch'].map(
      (name) => [name, '--help'],
    ),
  },
  'npx --no oip-conformance': { bin: 'packages/oip-conformance/bin/oip-conformance.js', helps: [['--help']] },
  'npm start --': { bin: 'deploy/local/bin/start.js', helps: [['--help']] },
  'npm run bench --': { bin: 'packages/bench/bin/bench.js', helps: [['--help']] },
  'npm run rehearse --': { bin: 'packages/rehearsal/bin/rehearse.js', helps: [['--help']] },
  'npm run docs:test --': { bin: 'packages/docs-test/bin/docs-test.js', helps: [['--help']] },
  'npm run init-template --': { bin: 'packages/init-template/bin/init-template.js', helps: [['--help']] },
}

export function takeInventory(checkout: Checkout): Inventory {
  const own = ({ files }: Checkout, pattern: RegExp) => [...files].filter((path) => pattern.test(path))
  const scripts = own(checkout, /^deploy\/(scripts|azure)\/[^/]+\.sh$/).filter(
    (path) => !path.endsWith('/lib.sh'),
  )
  const packageJson = JSON.parse(checkout.read('package.json')) as { scripts: Record<string, string> }
  const variables = new Map<string, string>()
  const add = (names: Iterable<string>, path: string) => {
    for (const name of names) if (!variables.has(name)) variables.set(name, path)
  }
  for (const path of own(checkout, /^(apps|packages|deploy)\/[^/]+\/src\/env\.ts$/)) {
    add(captures(checkout.read(path), /^ {2}([A-Z][A-Z0-9_]+):/gm), path)
  }
  for (const path of own(checkout, /^deploy\/(scripts|azure)\/[^/]+\.sh$/)) {
    add(
      captures(header(checkout.read(path)), /^#\s+((?:[A-Z][A-Z0-9_]+(?:, )?)+)(?=\s|$)/gm).flatMap(names),
      path,
    )
  }
  for (const path of own(checkout, /^deploy\/azure\/[^/]*\.env$/)) {
    add(captures(checkout.read(path), /^#? ?([A-Z][A-Z0-9_]+)=/gm), path)
  }
  const values = new Map<string, string>()
  for (const path of own(checkout, /^deploy\/charts\/[^/]+\/values\.yaml$/)) {
    const text = checkout.read(path)
    // Described as a whole, such as a securityContext.
    const objects = captures(text, /^## @param (\S+) \[(?:object|array)\]/gm)
    for (const value of leaves(parse(text))) {
      if (!objects.some((object) => value.startsWith(`${object}.`))) values.set(value, path)
    }
  }
  const helps = commandHelps(checkout)
  return {
    variables,
    wordsOfCode: wordsOf(checkout),
    npmScripts: new Map(Object.keys(packageJson.scripts).map((name) => [name, 'package.json'])),
    scripts: new Map(scripts.map((path) => [path, path])),
    values,
    helps,
    flags: new Map([...helps].map(([command, help]) => [command, flagsOf(help)])),
  }
}

const CODE = /\.(ts|js|sh|ya?ml|env|json)$|Dockerfile$|\.ci\/run$/

function wordsOf(checkout: Checkout): Set<string> {
  const words = [...checkout.files]
    .filter((path) => CODE.test(path) && path !== 'package-lock.json')
    .flatMap((path) => checkout.read(path).match(/\b[A-Z][A-Z0-9]*(_[A-Z0-9]+)+\b/g) ?? [])
  return new Set(words)
}

/** The comment at a script's top. */
export function header(script: string): string {
  return /^(?:#.*\n)+/.exec(script)?.[0] ?? ''
}

function names(list: string): string[] {
  return list.split(', ')
}

function captures(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([, name = '']) => name)
}

/** `{a: {b: 1}}` -> `a`, `a.b` */
function leaves(value: unknown, prefix = ''): string[] {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return []
  return Object.entries(value).flatMap(([key, child]) => {
    const path = prefix === '' ? key : `${prefix}.${key}`
    return [path, ...leaves(child, path)]
  })
}

function commandHelps({ root, files }: Checkout): Map<string, string> {
  const texts = new Map<string, string>()
  for (const [command, { bin, helps }] of Object.entries(COMMANDS)) {
    if (!files.has(bin)) continue
    const parts = helps.map((args) => {
      // As wide as the page, whoever asks.
      const env = { ...readersEnvironment(), COLUMNS: '100', NO_COLOR: '1' }
      const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, bin), ...args], {
        encoding: 'utf8',
        env,
      })
      if (status !== 0) throw new Error(`${bin} ${args.join(' ')} failed: ${stderr}`)
      return stdout.trim()
    })
    texts.set(command, parts.join('\n\n'))
  }
  return texts
}

function flagsOf(help: string): Set<string> {
  return new Set(captures(help, /(?<![\w-])(--[a-z][a-z-]+)/g))
}
