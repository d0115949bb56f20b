import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { TextDocument } from 'vscode-languageserver-textdocument'
import type { Finding, Skipped } from './finding.js'
import type { Repository } from './repository.js'
import { FOLDER } from './runs.js'

/** Where a downloaded schema is kept; docs/pipelines.md says how to get it. */
const CACHED = '.local/azure-pipelines-schema.json'
/** What it says of a template that holds nothing but variables, which is allowed. */
const FALSE_ALARM = /^Missing property "?'?(stages|jobs|steps)/

// CommonJS whose types Node's resolution does not find.
const require = createRequire(import.meta.url)
const { getLanguageService } = require('azure-pipelines-language-service')
const { parse } = require('azure-pipelines-language-service/lib/parser/yamlParser.js')

interface Diagnostic {
  message: string
  range: { start: { line: number } }
}

/**
 * Holds every YAML file against Microsoft's schema, with Microsoft's language service.
 * @param schema its path; default: the cached download
 */
export async function checkSchema(
  repository: Repository,
  schema = repository.exists(CACHED) ? repository.path(CACHED) : undefined,
): Promise<{ findings: Finding[]; skipped: Skipped[] }> {
  if (schema === undefined) {
    const why = `set AZURE_PIPELINES_SCHEMA to a copy of Microsoft's schema, or keep one in ${CACHED}`
    return { findings: [], skipped: [{ check: 'schema', why }] }
  }
  const content = JSON.parse(readFileSync(schema, 'utf8'))
  const service = getLanguageService(
    async () => content,
    [],
    async () => 'schema.json',
  )
  service.configure({ validate: true, schemas: [] })
  const findings: Finding[] = []
  for (const file of repository.list(FOLDER, '.yml')) {
    const document = TextDocument.create(`file:///${file}`, 'azure-pipelines', 1, repository.read(file))
    const diagnostics: Diagnostic[] = await quietly(() =>
      service.doValidation(document, parse(document.getText())),
    )
    for (const { message, range } of diagnostics) {
      if (file.endsWith('templates/variables.yml') && FALSE_ALARM.test(message)) continue
      const [text = ''] = repository.read(file).split('\n').slice(range.start.line)
      // It lists every task of Azure where one is misspelt.
      const short = message.length > 200 ? `${message.slice(0, 200)}...` : message
      findings.push({ rule: 'schema', file, line: range.start.line + 1, message: `${text.trim()}: ${short}` })
    }
  }
  return { findings, skipped: [] }
}

/** The service tells on the console what it does. */
async function quietly<T>(work: () => Promise<T>): Promise<T> {
  const { log } = console
  console.log = () => {}
  try {
    return await work()
  } finally {
    console.log = log
  }
}
