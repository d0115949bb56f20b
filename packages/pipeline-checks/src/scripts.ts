import { spawnSync } from 'node:child_process'
import type { Finding, Skipped } from './finding.js'
import type { Repository } from './repository.js'

export const SCRIPTS = 'deploy/scripts'

/** Scripts begin strict, tell at their head what they do, are executable unless only sourced, and pass shellcheck. */
export function checkScripts(repository: Repository): { findings: Finding[]; skipped: Skipped[] } {
  const scripts = repository.list(SCRIPTS, '.sh')
  const findings = scripts.flatMap((file) => checkScript(repository, file))
  if (scripts.length === 0) return { findings, skipped: [] }
  const paths = scripts.map((file) => repository.path(file))
  const options = { encoding: 'utf8', cwd: repository.root } as const
  const { error, stdout, stderr, signal } = spawnSync(
    'shellcheck',
    ['--external-sources', '--source-path=SCRIPTDIR', '--format=json', ...paths],
    options,
  )
  if (error) {
    const why = 'shellcheck is not installed: apt-get install shellcheck'
    return { findings, skipped: [{ check: 'shellcheck', why }] }
  }
  // It prints at least an empty list, unless it was ended or could not begin.
  if (stdout === '') throw new Error(`shellcheck gave no answer: ${stderr.trim() || signal}`)
  for (const { file, line, code, message } of JSON.parse(stdout) as ShellcheckFinding[]) {
    const name = scripts.find((each) => file.endsWith(each)) ?? file
    findings.push({ rule: 'shellcheck', file: name, line, message: `SC${code}: ${message}` })
  }
  return { findings, skipped: [] }
}

interface ShellcheckFinding {
  file: string
  line: number
  code: number
  message: string
}

function checkScript(repository: Repository, file: string): Finding[] {
  const text = repository.read(file)
  const lines = text.split('\n')
  const findings: Finding[] = []
  const add = (line: number, message: string) => findings.push({ rule: 'scripts', file, line, message })
  if (lines[0] !== '#!/usr/bin/env bash') add(1, 'the first line must be: #!/usr/bin/env bash')
  const code = lines.findIndex((line, index) => index > 0 && line !== '' && !line.startsWith('#'))
  if (!lines[1]?.startsWith('# ')) add(2, 'a comment here must tell what the script does, reads and writes')
  // Sourced ones must not change their caller's settings.
  const isSourced = /\bSourced\b/.test(lines.slice(0, code).join('\n'))
  if (isSourced) return findings
  if (lines[code] !== 'set -euo pipefail') add(code + 1, 'the first command must be: set -euo pipefail')
  if (!repository.isExecutable(file)) add(1, 'the file is not executable: chmod +x')
  return findings
}
