import { isMap, toText, type Value, type ValueMap } from '@repo/rehearsal/expand'
import { parseDocument } from 'yaml'
import type { Finding } from './finding.js'
import type { Repository } from './repository.js'
import { checkCalls } from './script-calls.js'

/** What keeps a job out of pull requests. */
const NO_PULL_REQUEST = /github\.event_name != 'pull_request'|github\.event\.schedule ==/

type Add = (near: string, message: string) => void

/** GitHub Actions, in the same spirit: graph, outputs, scripts, pinned actions, no sign-in from a pull request. */
export function checkActions(repository: Repository): Finding[] {
  const files = ['.yml', '.yaml'].flatMap((ending) => repository.list('.github', ending))
  return files.flatMap((file) => {
    const findings: Finding[] = []
    const text = repository.read(file)
    const document = parseDocument(text)
    const [error] = document.errors
    if (error) return [{ rule: 'actions', file, line: error.linePos?.[0].line ?? 1, message: error.message }]
    const content = document.toJS() as ValueMap
    const jobs = map(content.jobs)
    const add = (job: string) => (near: string, message: string) => {
      const from = job ? repository.lineOf(file, `  ${job}:`) : 1
      findings.push({ rule: 'actions', file, line: repository.lineOf(file, near, from), message })
    }
    for (const line of text.split('\n').filter((each) => /^\s*(- )?uses: [^.]/.test(each))) {
      if (!/@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line)) {
        const mend = 'pin the action to a commit, with its version as a comment: owner/name@<sha> # v1.2.3'
        add('')(line, `${line.trim()}: ${mend}`)
      }
    }
    if (file.startsWith('.github/workflows/') && content.permissions === undefined) {
      add('')('jobs:', 'the workflow needs `permissions:`, or its token may do everything')
    }
    for (const name of Object.keys(jobs)) checkJob(repository, jobs, name, map(content.env), add(name))
    for (const step of steps(map(content.runs))) checkStep(repository, step, {}, add(''))
    return findings
  })
}

function checkJob(repository: Repository, jobs: ValueMap, name: string, env: ValueMap, add: Add): void {
  const job = map(jobs[name])
  const needs = Array.isArray(job.needs) ? job.needs.map(String) : job.needs ? [String(job.needs)] : []
  for (const need of needs.filter((each) => !(each in jobs))) add('needs:', `there is no job ${need}`)
  if (job['timeout-minutes'] === undefined)
    add(`  ${name}:`, 'the job needs timeout-minutes; the default is six hours')
  if (/latest/.test(toText(job['runs-on'] ?? '') ?? ''))
    add('runs-on:', 'runs-on changes by itself: name a version')

  const text = JSON.stringify(job)
  for (const [, other = '', kind, output = ''] of text.matchAll(
    /needs\.(\w+)\.(outputs|result)(?:\.(\w+))?/g,
  )) {
    if (!needs.includes(other)) add(`needs.${other}`, `the job reads from job ${other}: add it to needs`)
    else if (kind === 'outputs' && !(output in map(map(jobs[other]).outputs))) {
      add(`needs.${other}.outputs.${output}`, `job ${other} has no output ${output}`)
    }
  }
  const ids = steps(job).map(({ id }) => id)
  for (const [, id = ''] of text.matchAll(/steps\.([\w-]+)\./g)) {
    if (!ids.includes(id)) add(`steps.${id}`, `no step of the job has the id ${id}`)
  }
  const signsIn = steps(job).some(({ uses }) => String(uses ?? '').startsWith('azure/login@'))
  if (signsIn && !reachesNoPullRequest(jobs, job)) {
    const mend = "give the job the condition github.event_name != 'pull_request'"
    add('azure/login@', `a pull request reaches this: ${mend}`)
  }
  if (signsIn !== (map(job.permissions)['id-token'] === 'write')) {
    add(`  ${name}:`, 'id-token: write belongs to jobs that sign in to Azure, and to no other')
  }
  for (const step of steps(job)) checkStep(repository, step, { ...env, ...map(job.env) }, add)
}

/** By its own condition, or because it needs the success of a job that no pull request reaches. */
function reachesNoPullRequest(jobs: ValueMap, job: ValueMap): boolean {
  const condition = String(job.if ?? '')
  if (NO_PULL_REQUEST.test(condition)) return true
  const needed = [...condition.matchAll(/needs\.(\w+)\.result == 'success'/g)].map(([, name]) =>
    map(jobs[name ?? '']),
  )
  return needed.some((each) => Object.keys(each).length > 0 && reachesNoPullRequest(jobs, each))
}

function checkStep(repository: Repository, step: ValueMap, shared: ValueMap, add: Add): void {
  const uses = String(step.uses ?? '')
  if (uses.startsWith('./') && !repository.exists(`${uses.slice(2)}/action.yml`))
    add(uses, `there is no action ${uses}`)
  const run = String(step.run ?? '')
  const [first = ''] = run.split('\n')
  if (/\$\{\{/.test(run)) add(first, 'an expression would be pasted into the shell: pass it through env')
  const given = [...Object.keys(shared), 'GITHUB_REPOSITORY']
  checkCalls(repository, run, Object.keys(map(step.env)), given, (message, near) =>
    add(near || first, message),
  )
}

const map = (value: Value | undefined): ValueMap => (isMap(value) ? value : {})
const steps = (parent: ValueMap): ValueMap[] => (Array.isArray(parent.steps) ? parent.steps.map(map) : [])
