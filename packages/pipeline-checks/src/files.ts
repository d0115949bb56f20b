import {
  ExpressionError,
  type Part,
  predefinedNames,
  readYaml,
  templateParts,
  type YamlFile,
} from '@repo/rehearsal/expand'
import { isMap, isScalar, isSeq, type Scalar, visit } from 'yaml'
import { namesIn } from './expressions.js'
import type { Finding } from './finding.js'
import type { Repository } from './repository.js'
import { FOLDER, type Run } from './runs.js'

const DIRECTIVE = /^(?:(?:if|elseif|each\s+\w+\s+in)\b|else\b|insert\b)/

/** What shows only in the files themselves, since expansion leaves nothing of it: names in `${{ }}`, unused parts. */
export function checkFiles(repository: Repository, runs: Run[]): Finding[] {
  const used = new Set(runs.flatMap(({ pipeline }) => pipeline.files))
  const variables = variableNames(repository)
  return repository.list(FOLDER, '.yml').flatMap((name) => {
    const file = readYaml(repository.path(name), name)
    const findings = checkFile(file, variables)
    // With a pipeline that can't be expanded it is not known what it uses.
    if (!used.has(name) && used.size > 0) {
      findings.push({
        rule: 'unused',
        file: name,
        line: 1,
        message: 'no pipeline uses this file: use it or delete it',
      })
    }
    return findings
  })
}

function variableNames(repository: Repository): string[] {
  const name = `${FOLDER}/templates/variables.yml`
  if (!repository.exists(name)) return []
  const section = get(readYaml(repository.path(name), name), 'variables')
  return isMap(section) ? section.items.map(({ key }) => String(key)) : []
}

function checkFile(file: YamlFile, variables: string[]): Finding[] {
  const findings: Finding[] = []
  const add = (rule: string, node: unknown, message: string) =>
    findings.push({ rule, file: file.name, line: file.at(node).line, message })
  const declared = parametersOf(file)
  const unused = new Map(declared)
  const check = (node: Scalar) => {
    for (const [context, key] of references(String(node.value ?? ''), (message) =>
      add('expressions', node, message),
    )) {
      if (context === 'parameters') unused.delete(key)
      const known = context === 'parameters' ? [...declared.keys()] : [...variables, ...predefinedNames()]
      if (known.some((each) => each.toLowerCase() === key.toLowerCase())) continue
      const where = context === 'parameters' ? 'under parameters of this file' : 'in templates/variables.yml'
      add(
        'expressions',
        node,
        `${context}.${key} is nothing, and would become an empty text: declare it ${where}`,
      )
    }
  }
  if (file.root) {
    visit(file.root as Parameters<typeof visit>[0], {
      Scalar: (_, node) => check(node),
      Pair: (_, { key, value }) => {
        if (!isScalar(key) || !isScalar(value)) return
        const text = String(value.value)
        if (key.value === 'vmImage' && /latest/.test(text)) {
          add('pins', key, `vmImage ${text} changes by itself: name a version, such as ubuntu-24.04`)
        }
        if ((key.value === 'image' || key.value === 'container') && !/@sha256:[0-9a-f]{64}$/.test(text)) {
          add('pins', key, `container image ${text} has to be named by its digest: name@sha256:...`)
        }
      },
    })
  }
  for (const [name, node] of unused)
    add('unused', node, `nothing uses parameter ${name}: use it or take it out`)
  return findings
}

const get = (file: YamlFile, key: string): unknown =>
  isMap(file.root) ? file.root.get(key, true) : undefined

/** Name -> its node. */
function parametersOf(file: YamlFile): Map<string, unknown> {
  const section = get(file, 'parameters')
  if (!isSeq(section)) return new Map()
  return new Map(section.items.filter(isMap).map((item) => [String(item.get('name')), item]))
}

/** Every `parameters.x` and `variables.x` in the `${{ }}` of a text. */
function references(text: string, problem: (message: string) => void): [string, string][] {
  try {
    const parts = templateParts(text) as Exclude<Part, string>[]
    const expressions = parts.map(({ expression = '' }) => expression.replace(DIRECTIVE, '').trim())
    const paths = expressions.filter(Boolean).flatMap((each) => namesIn(each, problem).paths)
    return paths.flatMap(([context = '', key]): [string, string][] =>
      key !== undefined && /^(parameters|variables)$/i.test(context) ? [[context.toLowerCase(), key]] : [],
    )
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error
    problem(error.message)
    return []
  }
}
