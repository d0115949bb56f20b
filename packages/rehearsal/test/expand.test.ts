import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { temporaryFolders } from '@repo/testing'
import { type ExpandOptions, loadPipeline, type Pipeline } from '../src/expand/index.js'

const temporaryFolder = temporaryFolders()

/** Pages of https://learn.microsoft.com/azure/devops/ that the cases are taken from. */
const EXPRESSIONS = 'pipelines/process/expressions'
const TEMPLATES = 'pipelines/process/template-expressions'
const PARAMETERS = 'pipelines/process/template-parameters'
const VARIABLES = 'pipelines/process/variables'

/** The first file is the pipeline. */
async function load(files: Record<string, string>, options: Partial<ExpandOptions> = {}): Promise<Pipeline> {
  const root = await temporaryFolder()
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true })
    await writeFile(join(root, name), text)
  }
  return loadPipeline(join(root, Object.keys(files)[0] ?? ''), { root, ...options })
}

const scripts = ({ stages }: Pipeline): string[] =>
  stages
    .flatMap(({ jobs }) => jobs)
    .flatMap(({ steps }) => steps)
    .filter(({ task }) => task !== 'checkout')
    .map(({ task, inputs }) => inputs[task] ?? task)

interface Case {
  page: string
  what: string
  files: Record<string, string>
  options?: Partial<ExpandOptions>
  expected: string[]
}

const cases: Case[] = [
  {
    page: `${EXPRESSIONS}#conditionally-run-a-step`,
    what: 'elseif is taken when if is not',
    files: {
      'azure-pipelines.yml': `
variables:
  - name: foo
    value: contoso
steps:
- script: start
- \${{ if eq(variables.foo, 'adaptum') }}:
  - script: this is adaptum
- \${{ elseif eq(variables.foo, 'contoso') }}:
  - script: this is contoso
- \${{ else }}:
  - script: neither
`,
    },
    expected: ['start', 'this is contoso'],
  },
  {
    page: `${EXPRESSIONS}#conditionally-assign-a-variable`,
    what: 'a variable is there under a condition',
    files: {
      'a.yml': `
variables:
  \${{ if eq(variables['Build.SourceBranchName'], 'main') }}:
    stageName: prod
steps:
- script: echo \${{ variables.stageName }}
`,
    },
    options: { variables: { 'Build.SourceBranchName': 'main' } },
    expected: ['echo prod'],
  },
  {
    page: `${EXPRESSIONS}#each-keyword`,
    what: 'each goes through lists in lists',
    files: {
      'a.yml': `
parameters:
- name: listOfFruits
  type: object
  default:
  - fruitName: 'apple'
    colors: ['red','green']
  - fruitName: 'lemon'
    colors: ['yellow']
steps:
- \${{ each fruit in parameters.listOfFruits }} :
  - \${{ each fruitColor in fruit.colors}} :
    - script: echo \${{ fruit.fruitName}} \${{ fruitColor }}
`,
    },
    expected: ['echo apple red', 'echo apple green', 'echo lemon yellow'],
  },
  {
    page: `${EXPRESSIONS}#split`,
    what: 'each goes through what split gives',
    files: {
      'a.yml': `
variables:
- name: environments
  value: prod1,prod2
steps:
- \${{ each env in split(variables.environments, ',')}}:
  - script: ./deploy.sh --environment \${{ env }}
`,
    },
    expected: ['./deploy.sh --environment prod1', './deploy.sh --environment prod2'],
  },
  {
    page: `${TEMPLATES}#insertion`,
    what: 'a list in a list is flattened',
    files: {
      'a.yml': `
jobs:
- template: jobs/build.yml
  parameters:
    preBuild:
    - script: hello from pre-build
    preTest:
    - script: hello from pre-test
`,
      'jobs/build.yml': `
parameters:
- name: 'preBuild'
  type: stepList
  default: []
- name: 'preTest'
  type: stepList
  default: []
- name: 'preSign'
  type: stepList
  default: []
jobs:
- job: Build
  pool:
    vmImage: 'windows-latest'
  steps:
  - script: cred-scan
  - \${{ parameters.preBuild }}
  - script: msbuild
  - \${{ parameters.preTest }}
  - script: vstest
  - \${{ parameters.preSign }}
  - script: sign
`,
    },
    expected: ['cred-scan', 'hello from pre-build', 'msbuild', 'hello from pre-test', 'vstest', 'sign'],
  },
  {
    page: `${TEMPLATES}#conditional-insertion`,
    what: "a parameter's value decides",
    files: {
      'azure-pipelines.yml': 'steps:\n- template: steps/build.yml\n  parameters:\n    toolset: dotnet\n',
      'steps/build.yml': `
parameters:
- name: 'toolset'
  default: msbuild
  type: string
  values:
  - msbuild
  - dotnet
steps:
- \${{ if eq(parameters.toolset, 'msbuild') }}:
  - script: msbuild
- \${{ if eq(parameters.toolset, 'dotnet') }}:
  - script: dotnet build
  - script: dotnet test
`,
    },
    expected: ['dotnet build', 'dotnet test'],
  },
  {
    page: `${TEMPLATES}#iterative-insertion`,
    what: "every job's steps are wrapped",
    files: {
      'azure-pipelines.yml': `
jobs:
- template: job.yml
  parameters:
    jobs:
    - job: A
      steps:
      - script: sandwiched
    - job: B
      steps:
      - script: so is this
`,
      'job.yml': `
parameters:
- name: 'jobs'
  type: jobList
  default: []
jobs:
- \${{ each job in parameters.jobs }}:
  - \${{ each pair in job }}:
      \${{ if ne(pair.key, 'steps') }}:
        \${{ pair.key }}: \${{ pair.value }}
    steps:
    - script: before
    - \${{ job.steps }}
    - script: after
      condition: always()
`,
    },
    expected: ['before', 'sandwiched', 'after', 'before', 'so is this', 'after'],
  },
  {
    page: `${PARAMETERS}#parameters-to-select-a-template-at-runtime`,
    what: 'a parameter of the run selects a template',
    files: {
      'a.yml': `
parameters:
- name: experimentalTemplate
  type: boolean
  default: false
steps:
- \${{ if eq(parameters.experimentalTemplate, true) }}:
  - template: experimental.yml
- \${{ if not(eq(parameters.experimentalTemplate, true)) }}:
  - template: stable.yml
`,
      'experimental.yml': 'steps: [{ script: experimental }]\n',
      'stable.yml': 'steps: [{ script: stable }]\n',
    },
    options: { parameters: { experimentalTemplate: 'true' } },
    expected: ['experimental'],
  },
  {
    page: `${PARAMETERS}#passing-parameters`,
    what: 'a boolean is written True',
    files: {
      'azure-pipelines.yml': 'steps:\n- template: simple-param.yml\n  parameters:\n    yesNo: true\n',
      'simple-param.yml': `
parameters:
- name: yesNo
  type: boolean
  default: false
steps:
- script: echo \${{ parameters.yesNo }}
`,
    },
    expected: ['echo True'],
  },
  {
    page: `${PARAMETERS}#parameter-data-types`,
    what: 'step and stepList are inserted',
    files: {
      'a.yml': `
parameters:
- name: myStep
  type: step
  default:
    script: my step
- name: mySteplist
  type: stepList
  default:
    - script: step one
    - script: step two
jobs:
- job: stepList
  steps: \${{ parameters.mySteplist }}
- job: myStep
  steps:
    - \${{ parameters.myStep }}
`,
    },
    expected: ['step one', 'step two', 'my step'],
  },
  {
    page: `${TEMPLATES}#escape-a-value`,
    what: 'an expression can hold its own beginning',
    files: { 'a.yml': "steps:\n- script: echo ${{ 'my${{value' }}\n" },
    expected: ['echo my${{value'],
  },
  {
    page: `${VARIABLES}#template-expression-syntax`,
    what: 'a variable that is not there is an empty text, and macros are left for the run',
    files: { 'a.yml': 'steps:\n- script: echo [${{ variables.none }}] $(none)\n' },
    expected: ['echo [] $(none)'],
  },
  {
    page: `${VARIABLES}#specify-variables`,
    what: 'variables come from templates, and jobs have their own',
    files: {
      'a.yml': `
variables:
- name: a
  value: pipeline
- template: vars.yml
jobs:
- job: one
  variables:
    a: job
    c: \${{ variables.a }} \${{ variables.b }}
  steps:
  - script: \${{ variables.a }}, \${{ variables.b }}, \${{ variables.c }}
- job: two
  steps:
  - script: \${{ variables.a }}
`,
      'vars.yml': 'variables:\n  b: ${{ variables.a }} and template\n',
    },
    expected: ['job, pipeline and template, job pipeline and template', 'pipeline'],
  },
]

describe('expansion', () => {
  test.each(cases)('when expanded as in $page, then $what', async ({ files, options, expected }) => {
    expect(scripts(await load(files, options))).toEqual(expected)
  })

  test(`when mappings are inserted as in ${TEMPLATES}, then env, inputs and variables have them`, async () => {
    const { stages } = await load({
      'a.yml': `
jobs:
- template: jobs/build.yml
  parameters:
    additionalVariables:
      TEST_SUITE: L0,L1
`,
      'jobs/build.yml': `
parameters:
- name: 'additionalVariables'
  type: object
  default: {}
- name: debug
  type: boolean
  default: true
jobs:
- job: build
  variables:
    configuration: debug
    \${{ insert }}: \${{ parameters.additionalVariables }}
  steps:
  - script: tool
    env:
      \${{ if eq(parameters.debug, true) }}:
        TOOL_DEBUG: true
        TOOL_DEBUG_DIR: _dbg
`,
    })
    const [job] = stages[0]?.jobs ?? []
    expect(job?.variables.map(({ name, value }) => [name, value])).toEqual([
      ['configuration', 'debug'],
      ['TEST_SUITE', 'L0,L1'],
    ])
    expect(job?.steps.at(-1)?.env).toEqual({ TOOL_DEBUG: 'true', TOOL_DEBUG_DIR: '_dbg' })
  })

  test('when a variable is overridden, then the new value is known everywhere', async () => {
    const files = { 'a.yml': 'variables: { store: azure }\nsteps: [{ script: "${{ variables.store }}" }]\n' }
    const pipeline = await load(files, { overrides: { store: 'local' } })
    expect(scripts(pipeline)).toEqual(['local'])
    expect(pipeline.variables).toMatchObject([{ name: 'store', value: 'local' }])
  })
})

describe('mistakes', () => {
  const step = 'steps: [{ script: x }]'
  test.each<[string, Record<string, string>, string]>([
    ['no YAML', { 'a.yml': 'steps:\n  - [\n' }, 'a.yml:'],
    [
      'a template that is not there',
      { 'a.yml': 'steps:\n- template: b.yml\n' },
      'a.yml:2:3: there is no file b.yml',
    ],
    [
      'a template of another repository',
      { 'a.yml': 'steps:\n- template: b.yml@other\n' },
      'a.yml:2:3: template b.yml@other is in another repository',
    ],
    [
      'an unknown parameter',
      { 'a.yml': 'steps:\n- template: b.yml\n  parameters:\n    x: 1\n', 'b.yml': step },
      'a.yml:4:5: unknown parameter x. Known are: none',
    ],
    [
      'a missing parameter',
      { 'a.yml': 'steps:\n- template: b.yml\n', 'b.yml': `parameters: [{ name: x, type: string }]\n${step}` },
      'a.yml:2:3: parameter x is missing',
    ],
    [
      'a parameter of a wrong type',
      {
        'a.yml': 'steps:\n- template: b.yml\n  parameters:\n    yesNo: apples\n',
        'b.yml': `parameters: [{ name: yesNo, type: boolean }]\n${step}`,
      },
      "a.yml:4:5: parameter yesNo must be of type boolean, and is 'apples'",
    ],
    [
      'a value that is not among those allowed',
      {
        'a.yml': 'steps:\n- template: b.yml\n  parameters: { x: c }\n',
        'b.yml': `parameters: [{ name: x, type: string, values: [a, b] }]\n${step}`,
      },
      "parameter x must be one of a, b, and is 'c'",
    ],
    [
      'an unknown type',
      { 'a.yml': `parameters: [{ name: x, type: text }]\n${step}` },
      'a.yml:1:25: type must be one of',
    ],
    [
      'steps where jobs belong',
      { 'a.yml': 'jobs:\n- template: b.yml\n', 'b.yml': step },
      'must hold jobs, and nothing',
    ],
    ['an open expression', { 'a.yml': 'steps:\n- script: ${{ x\n' }, 'a.yml:2:11: a ${{ is not closed by }}'],
    [
      'an else without an if',
      { 'a.yml': 'steps:\n- ${{ else }}:\n  - script: x\n' },
      'a.yml:2:3: ${{ else }} must follow',
    ],
    [
      'an if without a condition',
      { 'a.yml': 'steps:\n- ${{ if }}:\n  - script: x\n' },
      'a.yml:2:3: this is no complete',
    ],
    [
      'a list in a text',
      { 'a.yml': "steps:\n- script: x ${{ split('a', 'b') }}\n" },
      "a list can't stand inside a text",
    ],
    [
      'an unknown key of a step',
      { 'a.yml': 'steps:\n- script: x\n  timeout: 3\n' },
      'a.yml:3:3: the rehearsal does not know timeout',
    ],
    [
      'an unknown key of a job',
      { 'a.yml': `jobs:\n- job: a\n  container: x\n  ${step}` },
      'a.yml:3:3: the rehearsal does not know container',
    ],
    [
      'an unknown kind of step',
      { 'a.yml': 'steps:\n- powershell: x\n' },
      'a.yml:2:3: the rehearsal does not know powershell in a step',
    ],
    ['a key twice', { 'a.yml': 'steps:\n- script: x\n  script: y\n' }, 'a.yml:3:3: script is given twice'],
    [
      'an anchor',
      { 'a.yml': 'steps:\n- &x { script: y }\n- *x\n' },
      'a.yml:3:3: Azure Pipelines knows no YAML anchors',
    ],
    [
      'a variable group',
      { 'a.yml': `variables:\n- group: g\n${step}` },
      'a.yml:2:3: the rehearsal does not know group in a variable',
    ],
    [
      'two jobs of one name',
      { 'a.yml': `jobs:\n- { job: a, ${step} }\n- { job: a, ${step} }` },
      'a.yml:3:3: there are two jobs named a',
    ],
    [
      'an unknown dependency',
      { 'a.yml': `jobs:\n- { job: a, dependsOn: b, ${step} }` },
      'a.yml:2:3: job a depends on b',
    ],
    [
      'a circle',
      { 'a.yml': `jobs:\n- { job: a, dependsOn: b, ${step} }\n- { job: b, dependsOn: a, ${step} }` },
      'in a circle: a -> b -> a',
    ],
    [
      'a matrix',
      { 'a.yml': `jobs:\n- job: a\n  strategy: { matrix: {} }\n  ${step}` },
      'a.yml:3:15: the rehearsal does not know matrix in a strategy',
    ],
    [
      'a rolling deployment',
      { 'a.yml': 'jobs:\n- deployment: a\n  environment: e\n  strategy: { rolling: {} }' },
      'does not know rolling in a strategy',
    ],
    ['no steps at all', { 'a.yml': 'trigger: none' }, 'a.yml:1:1: stages must be a list'],
    [
      'a deployment without an environment',
      { 'a.yml': 'jobs:\n- deployment: a\n  strategy: { runOnce: { deploy: { steps: [] } } }' },
      'a.yml:2:3: jobs have an environment when they are a deployment',
    ],
    [
      'stages and jobs',
      { 'a.yml': 'stages: []\njobs: []' },
      'a.yml:2:1: the rehearsal does not know jobs in a',
    ],
    ['jobs and steps', { 'a.yml': `jobs: []\n${step}` }, 'does not know jobs, steps in a pipeline'],
    [
      'a step that is two',
      { 'a.yml': 'steps:\n- task: UseNode@1\n  script: x' },
      'a.yml:3:3: the rehearsal does not know script in a step',
    ],
    [
      'a deployment with steps of its own',
      { 'a.yml': `jobs:\n- deployment: a\n  environment: e\n  ${step}` },
      'a.yml:2:3: jobs need steps, and a deployment strategy',
    ],
    [
      'a lifecycle hook',
      { 'a.yml': 'jobs:\n- deployment: a\n  environment: e\n  strategy:\n    runOnce:\n      preDeploy: {}' },
      'a.yml:6:7: the rehearsal does not know preDeploy in runOnce. It knows: deploy',
    ],
    [
      'another root',
      { 'a.yml': 'extends: { template: b.yml }' },
      'a.yml:1:1: the rehearsal does not know extends in a pipeline',
    ],
  ])('when there is %s, then the error names file, line and reason', async (_, files, message) => {
    await expect(load(files)).rejects.toThrow(message)
  })
})
