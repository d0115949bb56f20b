import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { temporaryFolders } from '@repo/testing'
import { History } from '../src/run/history.js'
import { fixture } from './fixture.js'

const temporaryFolder = temporaryFolders()
const run = async (yaml: string, more = {}) => await (await fixture(await temporaryFolder())).run(yaml, more)

/** Pages of https://learn.microsoft.com/azure/devops/ that the cases are taken from. */
const EXPRESSIONS = 'pipelines/process/expressions'
const CONDITIONS = 'pipelines/process/conditions'
const VARIABLES = 'pipelines/process/variables'
const COMMANDS = 'pipelines/scripts/logging-commands'

const output = (name: string, value: string) =>
  `bash: 'echo "##vso[task.setvariable variable=${name};isOutput=true]${value}"'`

interface Case {
  page: string
  what: string
  yaml: string
  expected: Record<string, string>
}

const cases: Case[] = [
  {
    page: `${EXPRESSIONS}#stage-to-stage-dependencies`,
    what: 'a stage runs after a skipped one when its condition says so',
    yaml: `
stages:
- stage: A
  condition: false
  jobs: [{ job: A1, steps: [{ checkout: none }] }]
- stage: B
  condition: in(dependencies.A.result, 'Succeeded', 'SucceededWithIssues', 'Skipped')
  jobs: [{ job: B1, steps: [{ checkout: none }] }]
- stage: C
  dependsOn: A
  jobs: [{ job: C1, steps: [{ checkout: none }] }]
`,
    expected: { A: 'Skipped', B: 'Succeeded', C: 'Skipped' },
  },
  {
    page: `${EXPRESSIONS}#stage-to-stage-dependencies`,
    what: "a stage's condition knows an output as job.step.variable",
    yaml: `
stages:
- stage: A
  jobs:
  - job: A1
    steps:
    - ${output('shouldrun', 'true')}
      name: printvar
- stage: B
  condition: and(succeeded(), eq(dependencies.A.outputs['A1.printvar.shouldrun'], 'true'))
  dependsOn: A
  jobs: [{ job: B1, steps: [{ checkout: none }] }]
- stage: C
  condition: and(succeeded(), eq(dependencies.A.outputs['A1.printvar.shouldrun'], 'false'))
  dependsOn: A
  jobs: [{ job: C1, steps: [{ checkout: none }] }]
`,
    expected: { B: 'Succeeded', C: 'Skipped' },
  },
  {
    page: `${EXPRESSIONS}#job-to-job-dependencies-within-one-stage`,
    what: 'a job runs although another was skipped',
    yaml: `
jobs:
- job: a
  condition: false
  steps: [{ checkout: none }]
- job: b
  steps: [{ checkout: none }]
- job: c
  dependsOn: [a, b]
  condition: |
    and
    (
      in(dependencies.a.result, 'Succeeded', 'SucceededWithIssues', 'Skipped'),
      in(dependencies.b.result, 'Succeeded', 'SucceededWithIssues', 'Skipped')
    )
  steps: [{ checkout: none }]
- job: d
  dependsOn: [a, b]
  steps: [{ checkout: none }]
`,
    expected: { a: 'Skipped', b: 'Succeeded', c: 'Succeeded', d: 'Skipped' },
  },
  {
    page: `${EXPRESSIONS}#job-to-job-dependencies-across-stages`,
    what: "stageDependencies knows another stage's jobs",
    yaml: `
stages:
- stage: A
  jobs:
  - job: A1
    steps:
    - ${output('shouldrun', 'true')}
      name: printvar
- stage: B
  dependsOn: A
  jobs:
  - job: B1
    condition: in(stageDependencies.A.A1.result, 'Skipped')
    steps: [{ checkout: none }]
  - job: B2
    condition: eq(stageDependencies.A.A1.outputs['printvar.shouldrun'], 'true')
    variables:
      fromA: $[ stageDependencies.A.A1.outputs['printvar.shouldrun'] ]
    steps:
    - checkout: none
    - bash: '[[ "$(fromA)" == true && "$FROMA" == true ]]'
      displayName: reads it
`,
    expected: { B1: 'Skipped', B2: 'Succeeded', 'reads it': 'Succeeded' },
  },
  {
    page: `${EXPRESSIONS}#stage-depending-on-job-output`,
    what: "a deployment job's outputs have its name before them",
    yaml: `
stages:
- stage: build
  jobs:
  - deployment: build_job
    environment: Production
    strategy:
      runOnce:
        deploy:
          steps:
          - ${output('runTests', 'true')}
            name: setRunTests
- stage: test
  dependsOn: [build]
  condition: eq(dependencies.build.outputs['build_job.build_job.setRunTests.runTests'], 'true')
  jobs:
  - job: run_tests
    condition: eq(stageDependencies.build.build_job.outputs['build_job.setRunTests.runTests'], 'true')
    steps: [{ checkout: none }]
`,
    expected: { test: 'Succeeded', run_tests: 'Succeeded' },
  },
  {
    page: `${CONDITIONS}#conditions-under-which-a-stage-job-or-step-runs`,
    what: 'always() and failed() run after a failure, nothing else does',
    yaml: `
jobs:
- job: Foo
  steps:
  - checkout: none
  - script: exit 3
    displayName: fails
  - script: echo
    displayName: default
  - script: echo Hello!
    displayName: always
    condition: always()
  - script: echo
    displayName: failed
    condition: failed()
- job: Bar
  dependsOn: Foo
  condition: failed()
  steps: [{ checkout: none }]
- job: Baz
  dependsOn: Foo
  steps: [{ checkout: none }]
`,
    expected: {
      Foo: 'Failed',
      default: 'Skipped',
      always: 'Succeeded',
      failed: 'Succeeded',
      Bar: 'Succeeded',
      Baz: 'Skipped',
    },
  },
  {
    page: `${CONDITIONS}#custom-conditions`,
    what: 'a runtime variable decides over a stage',
    yaml: `
variables:
  isMain: $[eq(variables['Build.SourceBranch'], 'refs/heads/main')]
stages:
- stage: A
  jobs: [{ job: A1, steps: [{ checkout: none }] }]
- stage: B
  condition: and(succeeded(), eq(variables.isMain, true))
  jobs:
  - job: B1
    steps:
    - checkout: none
    - script: '[[ "$(isMain)" == True ]]'
      displayName: is True
`,
    expected: { B: 'Succeeded', 'is True': 'Succeeded' },
  },
  {
    page: `${CONDITIONS}#job-output-variables-used-in-subsequent-job-conditions`,
    what: "a job's condition knows another job's output",
    yaml: `
jobs:
- job: Foo
  steps:
  - checkout: none
  - ${output('doThing', 'Yes')}
    name: DetermineResult
- job: Bar
  dependsOn: Foo
  condition: eq(dependencies.Foo.outputs['DetermineResult.doThing'], 'Yes')
  steps: [{ checkout: none }]
`,
    expected: { Bar: 'Succeeded' },
  },
  {
    page: `${CONDITIONS}#variables-created-in-a-step-used-in-subsequent-step-conditions`,
    what: "a step's condition knows what an earlier step set",
    yaml: `
steps:
- checkout: none
- bash: echo "##vso[task.setvariable variable=doThing]Yes"
- script: '[[ $DOTHING == Yes ]]'
  displayName: Step 2
  condition: and(succeeded(), eq(variables['doThing'], 'Yes'))
- script: echo
  displayName: Step 3
  condition: eq(variables['doThing'], 'No')
`,
    expected: { 'Step 2': 'Succeeded', 'Step 3': 'Skipped' },
  },
  {
    page: `${CONDITIONS}#how-can-i-trigger-a-job-if-a-previous-job-succeeded-with-issues`,
    what: 'a job that may fail succeeds with issues',
    yaml: `
jobs:
- job: A
  continueOnError: true
  steps: [{ checkout: none }, { script: exit 1 }]
- job: B
  dependsOn: A
  condition: eq(dependencies.A.result,'SucceededWithIssues')
  steps: [{ checkout: none }]
`,
    expected: { A: 'SucceededWithIssues', B: 'Succeeded' },
  },
  {
    page: `${VARIABLES}#understand-variable-syntax`,
    what: 'macros see a new value, template expressions the first',
    yaml: `
variables:
- name: one
  value: initialValue
steps:
  - checkout: none
  - script: '[[ "\${{ variables.one }} $(one)" == "initialValue initialValue" ]]'
    displayName: First variable pass
  - bash: echo "##vso[task.setvariable variable=one]secondValue"
  - script: '[[ "\${{ variables.one }} $(one)" == "initialValue secondValue" ]]'
    displayName: Second variable pass
`,
    expected: { 'First variable pass': 'Succeeded', 'Second variable pass': 'Succeeded' },
  },
  {
    page: `${VARIABLES}#variable-scopes`,
    what: 'job variables stay in their job and are in its environment',
    yaml: `
variables:
  global_variable: value
jobs:
- job: job1
  variables:
    job_variable1: value1
  steps:
  - checkout: none
  - bash: '[[ "$(global_variable) $(job_variable1) $JOB_VARIABLE1" == "value value1 value1" ]]'
    displayName: in job1
- job: job2
  steps:
  - checkout: none
  - bash: '[[ "$GLOBAL_VARIABLE $JOB_VARIABLE1" == "value " ]]'
    displayName: in job2
`,
    expected: { 'in job1': 'Succeeded', 'in job2': 'Succeeded' },
  },
  {
    page: `${COMMANDS}#complete-finish-timeline`,
    what: 'a step can say how it ended',
    yaml: `
steps:
- checkout: none
- script: echo "##vso[task.complete result=SucceededWithIssues;]DONE"
  displayName: issues
- script: echo "##vso[task.complete result=Failed;]"
  displayName: failed
`,
    expected: { issues: 'SucceededWithIssues', failed: 'Failed', Job: 'Failed' },
  },
]

describe('a run', () => {
  test.each(cases)('when run as in $page, then $what', async ({ yaml, expected }) => {
    expect((await run(yaml)).results).toMatchObject(expected)
  })

  test(`when a variable is secret as in ${COMMANDS}, then no log shows it and no environment has it`, async () => {
    const { log, results } = await run(`
steps:
- checkout: none
- bash: |
    echo "##vso[task.setvariable variable=sauce;]crushed tomatoes"
    echo "##vso[task.setvariable variable=secretSauce;issecret=true]crushed with garlic"
    echo "##vso[task.setvariable variable=outputSauce;isoutput=true]canned goods"
  name: SetVars
  displayName: set
- bash: |
    echo "sauce is $SAUCE"
    echo "secretSauce is $SECRETSAUCE."
    echo "macro: $(secretSauce)"
    echo "$SETVARS_OUTPUTSAUCE, $(SetVars.outputSauce)"
  displayName: read
- script: echo
  displayName: told $(System.AccessToken)
`)
    expect(results['told ***']).toBe('Succeeded')
    expect(await log('set')).not.toContain('garlic')
    const lines = [
      'sauce is crushed tomatoes',
      'secretSauce is .',
      'macro: ***',
      'canned goods, canned goods',
    ]
    expect((await log('read')).trim().split('\n')).toEqual(lines)
  })

  test('when an output is secret, then later jobs have it, and the history does not', async () => {
    const folder = await temporaryFolder()
    const { results, run: record } = await (await fixture(folder)).run(`
jobs:
- job: Makes
  steps:
  - checkout: none
  - bash: |
      lic=lic
      echo "##vso[task.setvariable variable=sauce;issecret=true;isoutput=true]crushed with gar$lic"
    name: Set
- job: Takes
  dependsOn: Makes
  variables:
    sauce: $[ dependencies.Makes.outputs['Set.sauce'] ]
  steps:
  - checkout: none
  - bash: |
      [[ "$(sauce)" == *gar?ic ]]
    displayName: has it
`)
    expect(results['has it']).toBe('Succeeded')
    expect(record.stages[0]?.jobs[0]?.outputs).toEqual({ 'Set.sauce': 'crushed with garlic' })
    const history = await readFile(join(folder, '.local/history.json'), 'utf8')
    expect(history).toContain('"Set.sauce": "***"')
    expect(history).not.toContain('garlic')
  })

  test('when steps may fail, be retried, take too long or are switched off, then they do as they should', async () => {
    const {
      run: record,
      results,
      log,
    } = await run(`
steps:
- checkout: none
- script: exit 1
  displayName: may fail
  continueOnError: true
- script: '[[ -f $(Agent.TempDirectory)/there ]] || { touch $(Agent.TempDirectory)/there; exit 1; }'
  displayName: twice
  retryCountOnTaskFailure: 2
- script: exit 1
  displayName: off
  enabled: false
- script: pwd; echo "$OWN"
  displayName: elsewhere
  workingDirectory: $(Agent.TempDirectory)
  env: { OWN: 'of $(Build.SourceBranchName)' }
- script: sleep 60
  displayName: slow
  timeoutInMinutes: 0.005
`)
    expect(results).toMatchObject({
      'may fail': 'SucceededWithIssues',
      twice: 'Succeeded',
      off: 'Skipped',
      slow: 'Failed',
      Job: 'Failed',
    })
    expect(await log('twice')).toContain('Attempt 2 of 3')
    expect(await log('elsewhere')).toMatch(/tmp\nof main\n/)
    expect(await log('slow')).toContain('timed out')
    expect(record.result).toBe('Failed')
  })

  test('when a deployment is not approved, then its stage fails without a step', async () => {
    const yaml = `
jobs:
- deployment: D
  environment: production
  strategy: { runOnce: { deploy: { steps: [{ script: echo, displayName: deploy }] } } }
`
    const { run: record, results } = await run(yaml, { approve: async () => false })
    expect(record.result).toBe('Failed')
    expect(record.stages[0]?.reason).toBe('the deployment to production was not approved')
    expect(results).toEqual({ D: 'none', deploy: 'none' })
  })

  test('when a run is canceled, then what runs ends, always() still runs, and the next stage does not', async () => {
    const abort = new AbortController()
    const changed = (line?: { text: string }) => {
      if (line?.text === 'waiting') abort.abort()
    }
    const { results, run: record } = await run(
      `
stages:
- stage: A
  jobs:
  - job: A1
    steps:
    - checkout: none
    - script: echo waiting; sleep 60
      displayName: long
    - script: echo
      displayName: next
    - script: echo
      displayName: clean up
      condition: or(failed(), canceled())
- stage: B
  jobs: [{ job: B1, steps: [{ checkout: none }] }]
`,
      { signal: abort.signal, changed },
    )
    expect(results).toMatchObject({
      long: 'Canceled',
      next: 'Skipped',
      'clean up': 'Succeeded',
      B: 'Skipped',
    })
    expect(record.result).toBe('Canceled')
  })

  test('when jobs do not depend on each other, then they run at the same time', async () => {
    const waits = (mine: string, other: string) =>
      `{ checkout: none }, { script: 'touch ${mine}; until [[ -f ${other} ]]; do sleep 0.05; done', timeoutInMinutes: 1 }`
    const folder = await temporaryFolder()
    const { results } = await run(`
jobs:
- { job: a, steps: [${waits(`${folder}/a`, `${folder}/b`)}] }
- { job: b, steps: [${waits(`${folder}/b`, `${folder}/a`)}] }
`)
    expect(results).toMatchObject({ a: 'Succeeded', b: 'Succeeded' })
  })

  test('when stages are chosen, then the others stand as they were in the last run', async () => {
    const pipelines = await fixture(await temporaryFolder())
    const yaml = `
stages:
- stage: A
  jobs:
  - job: A1
    steps:
    - ${output('x', 'from A')}
      name: set
- stage: B
  jobs:
  - job: B1
    variables: { x: "$[ stageDependencies.A.A1.outputs['set.x'] ]" }
    steps: [{ script: echo $(x), displayName: tell }]
`
    await pipelines.run(yaml)
    const { run: later, log } = await pipelines.run(yaml, { stages: ['B'] })
    expect(await log('tell')).toBe('from A\n')
    expect(later.stages.map(({ result }) => result)).toEqual(['Succeeded', 'Succeeded'])
    expect(later.stages[0]).toMatchObject({ reason: 'as in an earlier run', jobs: [{ steps: [] }] })
    const { run: earlier } = await pipelines.run(yaml, { stages: ['A'] })
    expect(earlier.stages.map(({ result }) => result)).toEqual(['Succeeded', 'Skipped'])
  })

  test('when a run is killed, then the next one has another id', async () => {
    const root = await temporaryFolder()
    const { history } = await fixture(root)
    expect(history.nextId()).toBe(1)
    expect(new History(join(root, '.local')).nextId()).toBe(2)
  })

  test('when a run is numbered, then each number has its own count', async () => {
    const pipelines = await fixture(await temporaryFolder())
    const yaml = (major: number) => `
name: $(major).$(Rev:rr)
variables: { major: ${major} }
steps: [{ checkout: none }]
`
    const numbers: string[] = []
    for (const major of [1, 1, 2, 1]) numbers.push((await pipelines.run(yaml(major))).run.number)
    expect(numbers).toEqual(['1.01', '1.02', '2.01', '1.03'])
  })

  test.each([
    [
      'a condition of a step with an unknown name',
      "steps:\n- script: 'true'\n  condition: eq(variable.x, 1)\n",
      'pipeline.yml:2:3: variable is not known here',
    ],
    [
      'a condition with a macro',
      "steps:\n- script: 'true'\n  condition: eq('$(x)', 1)\n",
      "pipeline.yml:2:3: conditions don't know $(name)",
    ],
    [
      'a condition of a job with an unknown name',
      'jobs:\n- job: a\n  condition: eq(variable.x, 1)\n  steps: [{ checkout: none }]\n',
      'pipeline.yml:2:3: variable is not known here',
    ],
    [
      'a variable of a job with an unknown name',
      'jobs:\n- job: a\n  variables:\n    x: $[ variable.x ]\n  steps: [{ checkout: none }]\n',
      'pipeline.yml:4:5: variable is not known here',
    ],
  ])('when %s shows only in the run, then its job fails and says where', async (_, yaml, message) => {
    const { run: record } = await run(yaml)
    const [job] = record.stages[0]!.jobs
    const said = [job?.reason, ...job!.steps.flatMap(({ issues }) => issues.map((issue) => issue.message))]
    expect(said.join()).toContain(message)
    expect([job?.result, record.result]).toEqual(['Failed', 'Failed'])
  })

  test.each([
    [
      'a task without a stand-in',
      'steps:\n- task: Docker@2\n',
      'pipeline.yml:2:3: the rehearsal has no stand-in for Docker@2',
    ],
    [
      'an unknown input',
      'steps:\n- task: UseNode@1\n  inputs: { version: 20, x: 1 }\n',
      'pipeline.yml:2:3: the stand-in of UseNode@1 does not know the input x',
    ],
    ['a missing input', 'steps:\n- task: UseNode@1\n', 'pipeline.yml:2:3: UseNode@1 needs the input version'],
  ])('when there is %s, then the error names file and line', async (_, yaml, message) => {
    await expect(run(yaml)).rejects.toThrow(message)
  })

  test('when a step gives an unknown logging command, then it fails and names it', async () => {
    const { results, log } = await run('steps:\n- script: echo "##vso[task.frobnicate]x"\n  displayName: s\n')
    expect(results.s).toBe('Failed')
    expect(await log('s')).toContain('does not know ##vso[task.frobnicate]')
  })
})
