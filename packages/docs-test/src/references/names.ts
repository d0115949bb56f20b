import type { Checkout } from './checkout.js'
import type { Inventory } from './inventory.js'

interface Mention {
  text: string
  at: string
}

/** What looks like a variable or a chart value, and is none of ours: errors' codes, files, OpenTelemetry's names. */
const FOREIGN = /^(SELF_SIGNED_CERT_IN_CHAIN|service\.name|\w+\.(json|onnx|md|ts|js|sh|yaml|yml|txt|env))$/
/** What platforms set, not people: it needs no documentation of ours. */
const SET_BY_PLATFORMS =
  /^(NO_COLOR|TERM|HOME|PATH|TMPDIR|XDG_CACHE_HOME|AZURE_(CLIENT|TENANT)_ID|BUILD_.*|SYSTEM_.*|AZURESUBSCRIPTION_.*|GITHUB_.*|TF_BUILD)$/

/** Everything that the docs name has to exist, and everything that exists has to be named. */
export function checkNames(checkout: Checkout, inventory: Inventory): string[] {
  const code = [...checkout.documents].flatMap(([path, { spans, blocks }]): Mention[] => [
    ...spans.map(({ text, line }) => ({ text, at: `${path}:${line}` })),
    ...blocks
      .filter(({ language }) => ['bash', 'sh', 'yaml'].includes(language))
      .flatMap(({ content, line }) =>
        content.split('\n').map((text, index) => ({ text, at: `${path}:${line + 1 + index}` })),
      ),
  ])
  const everything = [...checkout.documents.keys()].map((path) => checkout.read(path)).join('\n')
  return [...mentionedButMissing(code, inventory), ...missingInDocs(everything, inventory)]
}

function mentionedButMissing(code: Mention[], inventory: Inventory): string[] {
  const problems: string[] = []
  const report = (at: string, what: string) => problems.push(`${at}: there is no ${what}`)
  const valueRoots = new Set([...inventory.values.keys()].map((value) => value.split('.')[0] ?? ''))
  for (const { text, at } of code) {
    for (const [, name = ''] of text.matchAll(/(?<![\w.$/])npm run ([a-z][\w:-]*)(?!.* -w )/g)) {
      if (!inventory.npmScripts.has(name)) report(at, `npm script "${name}"`)
    }
    const isVariable = /^[A-Z][A-Z0-9]*_[A-Z0-9_]+$/.test(text) && !FOREIGN.test(text)
    if (isVariable && !inventory.wordsOfCode.has(text)) report(at, `environment variable ${text}`)
    for (const [, value = ''] of text.matchAll(/--set(?:-string)?[ =]([a-zA-Z][\w.]*)=/g)) {
      if (!isValue(value, inventory)) report(at, `chart value ${value}`)
    }
    const isValuePath = /^[a-z][a-zA-Z]*(\.[a-zA-Z]+)+$/.test(text) && !FOREIGN.test(text)
    if (isValuePath && valueRoots.has(text.split('.')[0] ?? '') && !isValue(text, inventory)) {
      report(at, `chart value ${text}`)
    }
    for (const [command, flags] of inventory.flags) {
      const from = text.indexOf(`${command} `)
      if (from < 0) continue
      const rest = text.slice(from + command.length).split(/[|;&#]/)[0] ?? ''
      for (const [flag] of rest.matchAll(/(?<=\s)--[a-z][a-z-]+/g)) {
        if (!flags.has(flag)) report(at, `option ${flag} of ${command.replace(/ --$/, '')}`)
      }
    }
  }
  return problems
}

/** Below `config`, `nodeSelector` and other free objects any key may stand. */
function isValue(value: string, { values }: Inventory): boolean {
  if (values.has(value)) return true
  const parent = value.split('.').slice(0, -1).join('.')
  return values.has(parent) && ![...values.keys()].some((other) => other.startsWith(`${parent}.`))
}

function missingInDocs(docs: string, inventory: Inventory): string[] {
  const words = new Set(docs.match(/[A-Za-z0-9_]+/g))
  const problems = [...inventory.variables]
    .filter(([name]) => !SET_BY_PLATFORMS.test(name) && !words.has(name))
    .map(([name, path]) => `${path}: ${name} is not documented`)
  for (const [name, path] of inventory.npmScripts) {
    const typed = name === 'start' || name === 'test' ? `npm ${name}` : `npm run ${name}`
    if (!docs.includes(typed)) problems.push(`${path}: npm script "${name}" is not documented`)
  }
  for (const [path] of inventory.scripts) {
    if (!docs.includes(path.split('/').at(-1) ?? path)) problems.push(`${path} is not documented`)
  }
  for (const [value, path] of inventory.values) {
    if (!docs.includes(value)) problems.push(`${path}: the value ${value} is not documented`)
  }
  for (const [command, flags] of inventory.flags) {
    for (const flag of flags) {
      if (flag !== '--help' && !docs.includes(flag))
        problems.push(`${command}: option ${flag} is not documented`)
    }
  }
  return problems
}
