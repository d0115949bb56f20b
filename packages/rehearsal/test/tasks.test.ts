import { execFileSync } from 'node:child_process'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { temporaryFolders } from '@repo/testing'
import { agentEnvironment } from '../src/env.js'
import { copyRepository } from '../src/tasks/checkout.js'
import { fixture } from './fixture.js'

const temporaryFolder = temporaryFolders()

const JUNIT = '<testsuites><testsuite><testcase/><testcase><skipped/></testcase>'
const publishTests = (more = '') => `
- task: PublishTestResults@2
  displayName: publish
  inputs: { testResultsFormat: JUnit, testResultsFiles: '**/junit.xml', testRunTitle: T${more} }
`

describe('checkout', () => {
  test('when files are changed, new or deleted but not committed, then the checkout has them like that', async () => {
    const root = await temporaryFolder()
    const pipelines = await fixture(root, { 'changed.txt': 'old', 'deleted.txt': 'x', 'kept.txt': 'kept' })
    await writeFile(join(root, 'changed.txt'), 'new')
    await mkdir(join(root, 'folder'))
    await writeFile(join(root, 'folder/added.txt'), 'added')
    await rm(join(root, 'deleted.txt'))
    const edits = [{ file: 'kept.txt', find: 'kept', replace: 'edited' }]
    const { log } = await pipelines.run(
      'steps:\n- script: cat changed.txt folder/added.txt kept.txt; ls; git rev-parse HEAD\n  displayName: look\n',
      { edits },
    )
    const head = execFileSync('git', ['-C', root, 'rev-parse', 'HEAD'], { encoding: 'utf8' }).trim()
    expect(await log('look')).toBe(`newaddededitedchanged.txt\nfolder\nkept.txt\n${head}\n`)
    expect(await readFile(join(root, 'kept.txt'), 'utf8')).toBe('kept')
  })

  test('when the checkout is shallow and on no branch, then its one commit is copied', async () => {
    const root = await temporaryFolder()
    await fixture(root, { 'a.txt': 'first' })
    const git = (...args: string[]) =>
      execFileSync('git', ['-c', 'user.name=test', '-c', 'user.email=test@example.com', ...args])
    git('-C', root, 'commit', '--quiet', '--allow-empty', '-m', 'second')
    const [shallow, copy, again] = ['shallow', 'copy', 'again'].map((each) => join(root, '.local', each))
    git('clone', '--quiet', '--depth', '1', `file://${root}`, shallow!)
    git('-C', shallow!, 'checkout', '--quiet', '--detach')
    await writeFile(join(shallow!, 'b.txt'), 'new')
    expect(await copyRepository(shallow!, copy!, 'HEAD')).toBe(1)
    // A job's checkout is a copy of the copy.
    await copyRepository(copy!, again!, 'HEAD')
    expect(await readFile(join(again!, 'a.txt'), 'utf8')).toBe('first')
    expect(await readFile(join(again!, 'b.txt'), 'utf8')).toBe('new')
  })
})

describe('artifacts', () => {
  test('when published, then later jobs, and other runs by a tag, get them', async () => {
    const pipelines = await fixture(await temporaryFolder(), { 'out/a.txt': 'first' })
    const publisher = `
jobs:
- job: A
  steps:
  - publish: $(Build.SourcesDirectory)/out
    artifact: drop
  - script: echo '##vso[build.addbuildtag]good'
- job: B
  dependsOn: A
  steps:
  - checkout: none
  - download: current
    artifact: drop
  - script: cat $(Pipeline.Workspace)/drop/a.txt
    displayName: read
`
    const { log, run } = await pipelines.run(publisher)
    expect(await log('read')).toBe('first\n')
    const { log: later } = await pipelines.run(
      `
jobs:
- deployment: D
  environment: e
  strategy:
    runOnce:
      deploy:
        steps:
        - download: build
          artifact: drop
        - task: DownloadPipelineArtifact@2
          inputs:
            buildType: specific
            definition: $(System.DefinitionId)
            buildVersionToDownload: latestFromBranch
            branchName: refs/heads/main
            tags: good
            artifactName: drop
            targetPath: $(Pipeline.Workspace)/other
        - script: cat $(Pipeline.Workspace)/build/drop/a.txt $(Pipeline.Workspace)/other/a.txt
          displayName: read
`,
      { resources: { build: run } },
    )
    expect(await later('read')).toBe('firstfirst\n')
  })

  test.each([
    [
      'is published twice',
      '- { publish: a, artifact: x }\n- { publish: a, artifact: x }',
      'is published already',
    ],
    ['is of a path that is not there', '- { publish: b, artifact: x }', 'there is nothing at'],
    ['was never published', '- { download: current, artifact: y }', 'has no artifact y. It has: none'],
    [
      'is of an unknown pipeline',
      '- { download: other, artifact: y }',
      'no run of the pipeline resource other',
    ],
  ])('when an artifact %s, then the step fails and says so', async (_, steps, message) => {
    const pipelines = await fixture(await temporaryFolder(), { a: '' })
    const { run } = await pipelines.run(`steps:\n- checkout: self\n${steps}\n`)
    const issues = run.stages
      .flatMap(({ jobs }) => jobs)
      .flatMap((job) => job.steps.flatMap((step) => step.issues))
    expect(issues.map((issue) => issue.message).join()).toContain(message)
    expect(run.result).toBe('Failed')
  })
})

describe('test results and coverage', () => {
  test('when there are reports, then they are counted', async () => {
    const coverage = (covered: number) => `<coverage lines-covered="${covered}" lines-valid="10"/>`
    const pipelines = await fixture(await temporaryFolder(), {
      'a/junit.xml': `${JUNIT}<testsuite><testcase><failure/></testcase></testsuite></testsuite></testsuites>`,
      'b/c/junit.xml': '<testsuite><testcase/></testsuite>',
      'a/coverage.xml': coverage(9),
      'b/coverage.xml': coverage(6),
    })
    const { run } = await pipelines.run(`steps:\n- checkout: self${publishTests()}
- task: PublishCodeCoverageResults@2
  inputs: { summaryFileLocation: '*/coverage.xml' }
`)
    expect(run.tests).toEqual([{ title: 'T', passed: 2, failed: 1, skipped: 1 }])
    expect(run.coverage).toBe('75.0 % of 20 lines')
  })

  test.each([
    ['no XML', '<testsuites><testsuite>', '', 'junit.xml:1: no XML'],
    ['no JUnit', '<html/>', '', 'no JUnit: it has neither testsuites nor testsuite'],
    [
      'about a failure',
      '<testsuite><testcase><error/></testcase></testsuite>',
      ', failTaskOnFailedTests: true',
      '1 tests failed',
    ],
    ['missing', undefined, ', failTaskOnMissingResultsFile: true', 'is **/junit.xml'],
  ])('when a report is %s, then the step fails and says so', async (_, xml, more, message) => {
    const files = xml === undefined ? { x: '' } : { 'junit.xml': xml }
    const pipelines = await fixture(await temporaryFolder(), files)
    const { results, log } = await pipelines.run(`steps:\n- checkout: self${publishTests(more)}`)
    expect(results.publish).toBe('Failed')
    expect(await log('publish')).toContain(message)
  })
})

describe('npm', () => {
  test('when two jobs install the same lockfile, then the second gets links to what the first has', async () => {
    const root = await temporaryFolder()
    const workspace = { name: 'a', version: '1.0.0' }
    const pipelines = await fixture(root, {
      'package.json': JSON.stringify({ name: 'top', version: '1.0.0', workspaces: ['packages/*'] }),
      'packages/a/package.json': JSON.stringify(workspace),
      'package-lock.json': JSON.stringify({
        ...{ name: 'top', version: '1.0.0', lockfileVersion: 3 },
        packages: {
          '': { name: 'top', version: '1.0.0', workspaces: ['packages/*'] },
          'node_modules/a': { resolved: 'packages/a', link: true },
          'packages/a': workspace,
        },
      }),
    })
    const env = {
      PATH: agentEnvironment().PATH ?? '',
      HOME: root,
      REHEARSAL_INSTALLED: join(root, '.local/installed'),
    }
    const job = (name: string, after: string) =>
      `- { job: ${name}, dependsOn: [${after}], steps: [{ script: npm ci && ls node_modules, displayName: ${name} ci }] }`
    const { log } = await pipelines.run(`jobs:\n${job('A', '')}\n${job('B', 'A')}\n`, { env })
    expect(await log('A ci')).not.toContain('earlier job')
    expect(await log('B ci')).toMatch(/earlier job installed the same lockfile.*\na\n$/s)
  })
})

describe('az', () => {
  const cloud = { kubeconfig: 'kubeconfig', registry: '10.0.0.1:5000' }
  /** Runs `az` as a step: what it exited with, and its log. */
  const az = async (args: string, task: 'script' | 'AzureCLI@2', here = {}) => {
    const pipelines = await fixture(await temporaryFolder(), { kubeconfig: 'the cluster' })
    const text = `az ${args} && cat *.out; echo "exit $?"`
    const inputs = `azureSubscription: conn, scriptType: bash, scriptLocation: inlineScript, inlineScript: '${text}'`
    const step = task === 'script' ? `script: '${text}'` : `task: AzureCLI@2\n  inputs: { ${inputs} }`
    const { log, run } = await pipelines.run(`steps:\n- checkout: self\n- ${step}\n  displayName: az\n`, {
      cloud: here,
    })
    return { log: await log('az'), connections: run.serviceConnections }
  }
  const get = 'aks get-credentials --resource-group g --name c --file k.out --overwrite-existing'

  test('when asked for what the scripts need, then it answers, and the connection is noted', async () => {
    const { log, connections } = await az(`${get} --format exec --only-show-errors`, 'AzureCLI@2', cloud)
    expect(log).toContain('the cluster')
    expect(connections).toEqual(['conn'])
    const token = 'acr login --name x --expose-token --query accessToken --output tsv'
    expect((await az(token, 'AzureCLI@2', cloud)).log).toContain('rehearsal-registry-token')
  })

  test.each([
    ['group create', cloud, 2, 'does not know "az group create"'],
    [`${get} --private`, cloud, 2, 'does not know --private'],
    ['acr login', cloud, 2, 'required: --name'],
    [get, {}, 1, 'no cluster takes part'],
  ])('when asked for %s with %j, then it refuses by name', async (args, here, code, message) => {
    const { log } = await az(args, 'AzureCLI@2', here)
    expect(log).toContain(message)
    expect(log).toContain(`exit ${code}`)
  })

  test('when run outside of AzureCLI@2, then nobody is signed in', async () => {
    const { log, connections } = await az('account show', 'script', cloud)
    expect(log).toContain("Please run 'az login'")
    expect(connections).toEqual([])
  })
})
