import { execFileSync } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { agentEnvironment } from '../src/env.js'
import { loadPipeline } from '../src/expand/index.js'
import { compileTimeVariables, type Trigger } from '../src/expand/predefined.js'
import type { Surroundings } from '../src/run/context.js'
import { History } from '../src/run/history.js'
import type { RunRecord } from '../src/run/record.js'
import { runPipeline } from '../src/run/run-pipeline.js'
import { checkTasks } from '../src/tasks/index.js'

export interface Ran {
  run: RunRecord
  /** Stage, job and step names with how they ended. */
  results: Record<string, string>
  /** The log of the step with this displayName. */
  log(displayName: string): Promise<string>
}

/** Runs pipelines in a repository of their own. */
export async function fixture(root: string, files: Record<string, string> = {}) {
  const [folder, reportFolder] = [join(root, '.local'), join(root, '.local/report')]
  await mkdir(join(reportFolder, 'logs'), { recursive: true })
  for (const [name, text] of Object.entries({ '.gitignore': '.local\n', ...files })) {
    await mkdir(dirname(join(root, name)), { recursive: true })
    await writeFile(join(root, name), text)
  }
  const git = (...args: string[]) => execFileSync('git', ['-C', root, ...args], { encoding: 'utf8' }).trim()
  git('init', '--quiet')
  git('add', '.')
  git('-c', 'user.name=test', '-c', 'user.email=test@example.com', 'commit', '--quiet', '-m', 'first')
  const trigger: Trigger = {
    ...{
      reason: 'IndividualCI',
      branch: 'refs/heads/main',
      commit: git('rev-parse', 'HEAD'),
      message: 'first',
    },
    variables: {},
  }
  const history = new History(folder)

  return {
    history,
    async run(
      yaml: string,
      more: Partial<Surroundings> & {
        resources?: Record<string, RunRecord>
        stages?: string[]
        begin?(run: RunRecord): void
      } = {},
    ): Promise<Ran> {
      await writeFile(join(root, '.local/pipeline.yml'), yaml)
      const variables = compileTimeVariables('pipeline', trigger, root)
      const pipeline = loadPipeline(join(root, '.local/pipeline.yml'), { root, variables })
      checkTasks(pipeline)
      const { resources = {}, stages, begin = () => {}, ...surroundings } = more
      const request = { name: 'pipeline', pipeline, trigger, resources }
      const never = new AbortController().signal
      const run = await runPipeline(
        { ...request, selected: new Set(stages ?? pipeline.stages.map(({ name }) => name)) },
        {
          ...{
            root,
            sources: root,
            folder,
            reportFolder,
            edits: [],
            cloud: {},
            width: 4,
            signal: never,
            hardSignal: never,
          },
          env: { PATH: agentEnvironment().PATH ?? '', HOME: root },
          approve: async () => true,
          changed: () => {},
          ...surroundings,
        },
        history,
        begin,
      )
      const results: Record<string, string> = {}
      for (const stage of run.stages) {
        if (stage.name !== '__default') results[stage.name] = stage.result ?? 'none'
        for (const job of stage.jobs) {
          results[job.name] = job.result ?? 'none'
          for (const step of job.steps) results[step.displayName] = step.result ?? 'none'
        }
      }
      const steps = run.stages.flatMap(({ jobs }) => jobs).flatMap((job) => job.steps)
      const log = async (name: string) => {
        const step = steps.find(({ displayName }) => displayName === name)
        return await readFile(join(reportFolder, step?.logFile ?? name), 'utf8')
      }
      return { run, results, log }
    },
  }
}
