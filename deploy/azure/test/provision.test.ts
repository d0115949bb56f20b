import { existsSync } from 'node:fs'
import { copyFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { temporaryFolders } from '@repo/testing'
import { parse } from 'yaml'
import type { Resource, State } from '../src/state.js'
import { everything, folder, subscription } from './helpers.js'

const temporaryFolder = temporaryFolders()

function only(state: State, type: string): Resource {
  const found = Object.values(state.resources).filter((resource) => resource.type === type)
  expect(found).toHaveLength(1)
  return found[0]!
}

/** Who has which role where, in short. */
function roles(state: State): string[] {
  const names = new Map(Object.values(state.resources).map(({ principalId, name }) => [principalId, name]))
  return state.roles
    .map(
      ({ principalId, roleDefinitionName, scope }) =>
        `${names.get(principalId) ?? 'other'}: ${roleDefinitionName} on ${scope
          .split('/')
          .slice(-2)
          .join('/')
          .replace(/\d{5,}/, '#')}`,
    )
    .sort()
}

/** A command line without its values (ids and issuers are unknown before the resources exist) and without its output. */
const form = (args: string[]) =>
  args
    .filter((arg) => /^-|^[a-z-]+$/.test(arg))
    .join(' ')
    .replace(/( --query)? --output (tsv|none)$/, '')

test('when the subscription is empty, then everything is made, closed as tightly as promised', async () => {
  const { state, succeed } = await subscription()
  await succeed('provision.sh', everything)
  expect(only(state, 'Microsoft.Storage/storageAccounts')).toMatchObject({
    allowSharedKeyAccess: false,
    allowBlobPublicAccess: false,
    enableHttpsTrafficOnly: true,
    minimumTlsVersion: 'TLS1_2',
  })
  expect(only(state, 'Microsoft.Storage/storageAccounts/blobServices')).toMatchObject({
    isVersioningEnabled: true,
    deleteRetentionPolicy: { enabled: true, days: 14 },
    containerDeleteRetentionPolicy: { enabled: true, days: 14 },
  })
  expect(only(state, 'Microsoft.Storage/storageAccounts/blobServices/containers')).toMatchObject({
    name: 'models',
    publicAccess: 'off',
  })
  expect(only(state, 'Microsoft.ContainerRegistry/registries')).toMatchObject({
    adminUserEnabled: false,
    roleAssignmentMode: 'LegacyRegistryPermissions',
  })
  expect(only(state, 'Microsoft.ContainerService/managedClusters')).toMatchObject({
    oidcIssuerProfile: { enabled: true },
    securityProfile: { workloadIdentity: { enabled: true } },
    aadProfile: { enableAzureRbac: true },
    disableLocalAccounts: true,
    ingressProfile: { webAppRouting: { enabled: true } },
    azureMonitorProfile: { metrics: { enabled: true } },
    agentPoolProfiles: [{ enableAutoScaling: true, minCount: 1, maxCount: 5 }],
  })
  expect(state.namespaces).toEqual(['inference-dev', 'inference-staging', 'inference-production'])
  const made = Object.values(state.resources).filter(
    ({ type, resourceGroup }) => type.split('/').length === 2 && resourceGroup === 'rg-inference',
  )
  expect(made.map(({ tags }) => tags.provisionedBy)).toEqual(made.map(() => 'deploy/azure/inference'))
})

test('when it is done, then nobody has a role beyond those in the documentation', async () => {
  const { state, succeed } = await subscription()
  await succeed('provision.sh', { ...everything, DATA_SCIENTIST_TYPE: 'Group' })
  const cluster = 'managedClusters/aks-inference'
  const ofReleases = ['dev', 'staging', 'production'].flatMap((environment) => [
    `id-inference-release-${environment}: Azure Kubernetes Service Cluster User Role on ${cluster}`,
    `id-inference-release-${environment}: Azure Kubernetes Service RBAC Writer on namespaces/inference-${environment}`,
  ])
  expect(roles(state)).toEqual(
    [
      'id-inference-build: AcrPush on registries/acrinference#',
      'id-inference-build: Storage Blob Data Reader on containers/models',
      'id-inference-pod: Storage Blob Data Reader on containers/models',
      'other: AcrPull on registries/acrinference#',
      `other: Azure Kubernetes Service RBAC Cluster Admin on ${cluster}`,
      'other: Storage Blob Data Contributor on containers/models',
      ...ofReleases,
    ].sort(),
  )
})

test('when it is done, then the tokens of pods, pipelines and workflow are believed, and the pairs are printed', async () => {
  const { state, succeed } = await subscription()
  const { stdout } = await succeed('provision.sh', everything)
  const issuer = (
    only(state, 'Microsoft.ContainerService/managedClusters').oidcIssuerProfile as { issuerUrl: string }
  ).issuerUrl
  const credentials = Object.values(state.resources).filter(({ type }) =>
    type.endsWith('/federatedIdentityCredentials'),
  )
  const believed = credentials.map(
    ({ id, issuer, subject }) => `${id.split('/').at(-3)} ${issuer} ${subject}`,
  )
  const sent = state.connections.map(({ name, authorization: { parameters } }) => {
    const identity = `id-inference-${name === 'inference-build' ? 'build' : name.replace('inference-', 'release-')}`
    return `${identity} ${parameters.workloadIdentityFederationIssuer} ${parameters.workloadIdentityFederationSubject}`
  })
  expect(sent).toHaveLength(4)
  expect(believed.sort()).toEqual(
    [
      ...sent,
      'id-inference-build https://token.actions.githubusercontent.com repo:contoso/ai-app:ref:refs/heads/main',
      ...state.namespaces.map((name) => `id-inference-pod ${issuer} system:serviceaccount:${name}:inference`),
    ].sort(),
  )
  for (const { issuer, subject } of credentials) {
    expect(stdout).toContain(`issuer   ${issuer}\n      subject  ${subject}\n`)
  }
})

test('when it runs again, then there is nothing to do', async () => {
  const { azure, state, succeed } = await subscription()
  await succeed('provision.sh', everything)
  const before = structuredClone(state)
  azure.calls.length = 0
  const { stderr } = await succeed('provision.sh', everything)
  expect(azure.changes).toEqual([])
  expect(state).toEqual(before)
  expect(stderr).toMatch(/^Done: 0 changed/m)
})

test.each([
  ['before a change', 'before'],
  ['after a change, the answer lost', 'after'],
] as const)(
  'when every run fails %s, then the next one goes on from there to the same end',
  async (_, when) => {
    const whole = await subscription()
    await whole.succeed('provision.sh', everything)
    const { azure, state, run } = await subscription()
    let failures = 0
    for (;;) {
      // Each run may make one change more than the one before; with "after" the change was made and is not repeated.
      const allowed = azure.changes.length + (when === 'before' ? 2 : 1)
      azure.fault = (change) => (change === allowed ? when : undefined)
      const { code, stderr } = await run('provision.sh', everything)
      if (code === 0) break
      expect(stderr).toMatch(/^error: .*(Mend that and run this again|could not run in the cluster)/m)
      failures += 1
    }
    expect(failures).toBeGreaterThanOrEqual(whole.azure.changes.length / 2 - 1)
    expect(state).toEqual(whole.state)
  },
)

test('when it is asked for the plan, then it prints the changes that a run makes, and makes none', async () => {
  const { azure, state, succeed } = await subscription()
  const before = structuredClone(state)
  const { stdout } = await succeed('provision.sh --what-if', everything)
  expect(azure.changes).toEqual([])
  expect(state).toEqual(before)
  const planned = [...stdout.matchAll(/^ {4}az (.*)$/gm)].map(([, line = '']) =>
    form([...line.matchAll(/'[^']*'|\S+/g)].map(([word]) => word)),
  )
  await succeed('provision.sh', everything)
  // What the monitoring add-on makes by itself is seen, and tagged, only when it is there.
  const done = azure.changes.map(form).filter((line) => !line.startsWith('resource tag'))
  expect(planned).toEqual(done)
  const again = await succeed('provision.sh --what-if', everything)
  expect(again.stdout).toMatch(/^Plan: 0 to change, \d+ as they should be\. Nothing was changed\.$/m)
})

const workflow = join(folder, '../../.github/workflows/build.yml')
const whyNot = existsSync(workflow) ? '' : ' [skipped: there is no .github/workflows/build.yml]'
const testWithWorkflow = whyNot === '' ? test : test.skip

testWithWorkflow(
  `when a repository on GitHub is named, then every variable that its workflow reads is printed with a value${whyNot}`,
  async () => {
    const { stdout } = await (await subscription()).succeed('provision.sh', everything)
    const printed = stdout.split('For the workflow on GitHub')[1] ?? ''
    const read = [...(await readFile(workflow, 'utf8')).matchAll(/vars\.([A-Z_]+)/g)].map(([, name]) => name)
    expect(new Set(read).size).toBe(8)
    for (const name of read) expect(printed).toMatch(new RegExp(`^  ${name}: \\S+`, 'm'))
    expect(printed).toMatch(/^ {2}CONTAINER_REGISTRY: acrinference\d+\.azurecr\.io$/m)
    expect(printed).toMatch(/^ {2}MODEL_STORE: https:\/\/stinference\d+\.blob\.core\.windows\.net\/models$/m)
  },
)

test('when there are no pipelines, then their values are printed without a file to put them into', async () => {
  const { succeed } = await subscription()
  const { stdout } = await succeed('provision.sh', {
    ...everything,
    VARIABLES_FILE: '/nowhere/variables.yml',
  })
  expect(stdout).toContain('For the pipelines:\n')
  expect(stdout).toContain('MODEL_NAME: <name of the model in the store>')
})

test('when something was changed by hand, then only that is mended', async () => {
  const { azure, state, succeed } = await subscription()
  await succeed('provision.sh', everything)
  const before = structuredClone(state)
  only(state, 'Microsoft.Storage/storageAccounts').allowSharedKeyAccess = true
  only(state, 'Microsoft.ContainerRegistry/registries').adminUserEnabled = true
  const credential = Object.values(state.resources).find(({ subject }) =>
    String(subject).startsWith('repo:'),
  )!
  credential.subject = 'repo:somebody/else:ref:refs/heads/main'
  azure.calls.length = 0
  await succeed('provision.sh', everything)
  expect(azure.changes.map(([...args]) => args.slice(0, 3).join(' '))).toEqual([
    'storage account update',
    'acr update --resource-group',
    'identity federated-credential update',
  ])
  expect(state).toEqual(before)
})

const variables = join(folder, '../../azure-pipelines/templates/variables.yml')
const why = existsSync(variables) ? '' : ' [skipped: there is no azure-pipelines/templates/variables.yml]'
const testWithVariables = why === '' ? test : test.skip

testWithVariables(
  `when --write is given, then the names that the pipelines have get their values, and the rest stays${why}`,
  async () => {
    const file = join(await temporaryFolder(), 'variables.yml')
    await copyFile(variables, file)
    const { succeed } = await subscription()
    await succeed('provision.sh --write', { ...everything, PROJECT_NAME: 'my-app', VARIABLES_FILE: file })
    const [before, after] = [await lines(variables), await lines(file)]
    const written = {
      serviceConnectionBuild: 'my-app-build',
      serviceConnectionDev: 'my-app-dev',
      serviceConnectionStaging: 'my-app-staging',
      serviceConnectionProduction: 'my-app-production',
      containerRegistry: expect.stringMatching(/^acrmyapp\d+\.azurecr\.io$/),
      modelStore: expect.stringMatching(/^https:\/\/stmyapp\d+\.blob\.core\.windows\.net\/models$/),
      resourceGroup: 'rg-my-app',
      aksCluster: 'aks-my-app',
      namespaceDev: 'inference-dev',
      namespaceStaging: 'inference-staging',
      namespaceProduction: 'inference-production',
      dnsLabelDev: expect.stringMatching(/^my-app-\d+-dev$/),
      dnsLabelStaging: expect.stringMatching(/^my-app-\d+-staging$/),
      dnsLabelProduction: expect.stringMatching(/^my-app-\d+-production$/),
    }
    const values = new Map(after.map((line) => line.trim().split(': ') as [string, string]))
    for (const [name, value] of Object.entries(written)) expect(values.get(name)).toEqual(value)
    const isWritten = (line: string) =>
      /^ *workloadIdentity/.test(line) || line.trim().split(':')[0]! in written
    expect(after.filter((line) => !isWritten(line))).toEqual(before.filter((line) => !isWritten(line)))
  },
)

const lines = async (file: string) => (await readFile(file, 'utf8')).split('\n')

test('when nothing optional is set, then no connection and no credential of others is made, and it says so', async () => {
  const { state, succeed } = await subscription()
  const { stdout } = await succeed('provision.sh')
  expect(state.connections).toEqual([])
  expect(JSON.stringify(state.resources)).not.toContain('github')
  expect(stdout).toContain('No service connections were made: set AZURE_DEVOPS_ORGANIZATION')
})

test.each([
  [{ PROJECT_NAME: 'My App' }, 'PROJECT_NAME=My App is not right: it must be 3 to 20 lower-case letters'],
  [{ NODE_COUNT_MIN: '6' }, 'NODE_COUNT_MIN=6 is more than NODE_COUNT_MAX=5'],
  [{ GITHUB_REPOSITORY: 'https://github.com/a/b' }, 'it must be owner/name, or nothing'],
  [{ AZURE_DEVOPS_ORGANIZATION: 'contoso' }, 'AZURE_DEVOPS_ORGANIZATION needs AZURE_DEVOPS_PROJECT'],
  [{ AZURE_ENV: '/nowhere/azure.env' }, 'there are no settings at /nowhere/azure.env'],
])('when the settings are %j, then it stops before it asks Azure', async (settings, message) => {
  const { azure, run } = await subscription()
  expect(await run('provision.sh', settings)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(message),
  })
  expect(azure.calls).toEqual([])
})

test('when an option is unknown, or --write has no file, then it says so and does nothing', async () => {
  const { azure, run } = await subscription()
  expect((await run('provision.sh --whatif')).stderr).toContain(
    'unknown option --whatif. There are --what-if',
  )
  const { stderr } = await run('provision.sh --write', { VARIABLES_FILE: '/nowhere/variables.yml' })
  expect(stderr).toContain('--write needs a file it may write to at /nowhere/variables.yml')
  expect(azure.calls).toEqual([])
})

test('when a connection of that name signs in as somebody else, then it is not touched', async () => {
  const authorization = { scheme: 'WorkloadIdentityFederation', parameters: { serviceprincipalid: 'other' } }
  const connections = [{ id: '1', name: 'inference-dev', description: 'by hand', authorization }]
  const { state, run } = await subscription({ connections })
  const { code, stderr } = await run('provision.sh', everything)
  expect({ code, stderr }).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('signs in as client other'),
  })
  expect(state.connections.find(({ id }) => id === '1')).toEqual(connections[0])
})

test('when a DNS label is taken by others, then it says what to set', async () => {
  const { run } = await subscription({ takenLabels: ['mine-staging'] })
  const { code, stderr } = await run('provision.sh', { DNS_LABEL_PREFIX: 'mine' })
  expect({ code, stderr }).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('the DNS label mine-staging is taken in eastus2: set DNS_LABEL_PREFIX'),
  })
})

test('when Azure refuses to be asked, then that is not taken for "is not there"', async () => {
  const { azure, run } = await subscription()
  const really = azure.run.bind(azure)
  azure.run = (args) =>
    args[1] === 'show' && args[0] === 'acr'
      ? { code: 1, stdout: '', stderr: 'ERROR: (AuthorizationFailed) no\n' }
      : really(args)
  expect(await run('provision.sh')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('(AuthorizationFailed)'),
  })
  expect(azure.changes.map((args) => args[0])).not.toContain('acr')
})

test('when the costs are documented, then the documentation has the prices that the script adds up', async () => {
  const prices = (await readFile(join(folder, 'prices.tsv'), 'utf8'))
    .split('\n')
    .filter((line) => /^[^#].*\|/.test(line))
  const documentation = await readFile(join(folder, '../../docs/azure.md'), 'utf8')
  for (const line of prices) {
    const [what, price] = line.split(' | ')
    expect(documentation).toContain(`| ${what} | ${price} |`)
  }
  const { stdout } = await (await subscription()).succeed('provision.sh --what-if')
  const sums = [...stdout.matchAll(/together, (with \d nodes?: .*?) +(\S+) an hour, about (\S+) a month/g)]
  expect(sums.map(([, nodes]) => nodes?.slice(0, 12))).toEqual([
    'with 1 node:',
    'with 3 nodes',
    'with 5 nodes',
  ])
  for (const [, nodes, hour, month] of sums)
    expect(documentation).toContain(`| ${nodes} | **${hour}** | ${month} |`)
  const noted = /prices of (\d+ \w+ \d{4}),/.exec(stdout)?.[1]
  expect(noted).toBeDefined()
  expect(documentation).toContain(`from memory on ${noted} and`)
})

test('when the three environments are deployed, then the nodes that the costs are told for hold their pods', async () => {
  const chart = join(folder, '../charts/inference')
  const read = async (name: string) => parse(await readFile(join(chart, name), 'utf8')) as Values
  const defaults = await read('values.yaml')
  const cpus = async (name: string) => {
    const own = await read(name)
    const cpu = String(own.resources?.requests?.cpu ?? defaults.resources?.requests?.cpu)
    return (
      (own.autoscaling?.minReplicas ?? 0) *
      (cpu.endsWith('m') ? Number.parseInt(cpu, 10) / 1000 : Number(cpu))
    )
  }
  const [staging, production] = [await cpus('values-staging.yaml'), await cpus('values-production.yaml')]
  const report = await readFile(join(folder, 'lib/report.sh'), 'utf8')
  const nodes = Number(/^NODES_FOR_ALL=(\d)$/m.exec(report)?.[1])
  // Dev is like staging.
  const all = staging * 2 + production
  expect(all).toBeGreaterThan(0)
  expect(all).toBeLessThanOrEqual(nodes * 1.2)
  expect(await readFile(join(folder, '../../docs/azure.md'), 'utf8')).toContain(
    `environments ask for ${all} CPUs`,
  )
})

interface Values {
  resources?: { requests?: { cpu?: string | number } }
  autoscaling?: { minReplicas?: number }
}

test('when --help is asked for, then it names the options, whatever the settings are', async () => {
  const { run } = await subscription()
  for (const script of ['provision.sh', 'teardown.sh']) {
    const { code, stdout } = await run(`${script} --help`, { PROJECT_NAME: '!' })
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('--what-if') })
  }
})
