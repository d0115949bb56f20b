import { checkActions } from './actions.js'
import { checkFiles } from './files.js'
import type { Finding, Skipped } from './finding.js'
import { Repository } from './repository.js'
import { artifacts } from './rules/artifacts.js'
import { conditions } from './rules/conditions.js'
import { connections } from './rules/connections.js'
import { outputs } from './rules/outputs.js'
import { pins } from './rules/pins.js'
import type { Rule } from './rules/rule.js'
import { shell, steps } from './rules/steps.js'
import { variables } from './rules/variables.js'
import { loadRuns } from './runs.js'
import { checkSchema } from './schema.js'
import { checkScripts } from './scripts.js'

const RULES: Record<string, Rule> = {
  artifacts,
  conditions,
  connections,
  outputs,
  pins,
  shell,
  steps,
  variables,
}

/** The graph of the pipelines: everything that Azure would tell only when they run. */
export function checkGraph(repository: Repository): Finding[] {
  const { runs, findings } = loadRuns(repository)
  for (const run of runs) {
    for (const [name, rule] of Object.entries(RULES)) {
      rule({
        repository,
        run,
        runs,
        report: ({ file, line }, message, near) => {
          const exact = near === undefined ? line : repository.lineOf(file, near, line)
          findings.push({ rule: name, file, line: exact, message })
        },
      })
    }
  }
  return [...findings, ...checkFiles(repository, findings.length > 0 && runs.length === 0 ? [] : runs)]
}

/**
 * Every check of pipelines, scripts and workflows.
 * @param root the repository's top folder
 * @param schema path of Microsoft's schema of the YAML
 */
export async function checkAll(
  root: string,
  schema?: string,
): Promise<{ findings: Finding[]; skipped: Skipped[] }> {
  const repository = new Repository(root)
  const scripts = checkScripts(repository)
  const bySchema = await checkSchema(repository, schema)
  return {
    findings: [
      ...checkGraph(repository),
      ...scripts.findings,
      ...checkActions(repository),
      ...bySchema.findings,
    ],
    skipped: [...scripts.skipped, ...bySchema.skipped],
  }
}
