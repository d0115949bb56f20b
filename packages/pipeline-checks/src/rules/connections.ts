import { jobsOf, type Run, stepsOf } from '../runs.js'
import type { Rule } from './rule.js'

const CONNECTION_INPUTS = [
  'azureSubscription',
  'connectedServiceNameARM',
  'containerRegistry',
  'dockerRegistryServiceConnection',
]

/** Service connections and environments are those of variables.yml, each pair belongs together, and no PR has one. */
export const connections: Rule = ({ run, runs, report }) => {
  const declared = (prefix: string) =>
    run.pipeline.variables.filter(({ name }) => name.startsWith(prefix)).map(({ value }) => value)
  for (const job of jobsOf(run)) {
    const { environment } = job
    if (environment !== undefined && !declared('environment').includes(environment)) {
      const wrong = `environment ${environment} is not in templates/variables.yml: declare it there`
      report(job.at, wrong, 'environment: ')
    }
    for (const { step, connection } of connectionsOf(job)) {
      if (run.event === 'pull request') {
        // biome-ignore lint/suspicious/noTemplateCurlyInString: that is how Azure Pipelines writes expressions
        const instead = "Keep it below ${{ if ne(variables['Build.Reason'], 'PullRequest') }}"
        report(step.at, `a pull request reaches the service connection ${connection}. ${instead}`)
      }
      if (!declared('serviceConnection').includes(connection)) {
        const wrong = `service connection ${connection} is not in templates/variables.yml: declare it there`
        report(step.at, wrong, 'azureSubscription')
      }
      const other = environmentsOf(runs, connection).find((each) => each !== environment)
      if (environment === undefined || other === undefined) continue
      const wrong = `the service connection ${connection} would give ${environment} the rights of`
      report(job.at, `${wrong} ${other || 'the build'}: use one for each`)
    }
  }
}

function connectionsOf(job: ReturnType<typeof jobsOf>[number]) {
  return stepsOf(job).flatMap((step) =>
    CONNECTION_INPUTS.flatMap((input) =>
      step.inputs[input] ? [{ step, connection: step.inputs[input] }] : [],
    ),
  )
}

/** The environments whose jobs use a connection; empty for a job without one. */
function environmentsOf(runs: Run[], connection: string): string[] {
  const jobs = runs
    .flatMap(jobsOf)
    .filter((job) => connectionsOf(job).some((each) => each.connection === connection))
  return [...new Set(jobs.map((job) => job.environment ?? ''))]
}
