import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { temporaryFolders } from '@repo/testing'
import { readTable, tableFile } from '../src/commands.js'
import { askRealParser, distinct, parserRoot, readRealTable } from '../src/real-parser.js'
import { everything, folder, subscription } from './helpers.js'

const temporaryFolder = temporaryFolders()

/** file, what is there, what a mistake puts there, what az says */
const refusedByParser: [string, string, string, string, string][] = [
  [
    'a misspelt flag',
    'lib/cluster.sh',
    '--enable-oidc-issuer',
    '--enable-oidc-isuer',
    'unrecognized arguments',
  ],
  [
    'a misspelt command',
    'lib/resources.sh',
    'storage container-rm create',
    'storage container-rm creat',
    'misspelled',
  ],
  ['a value that is none of the choices', 'lib/cluster.sh', '--tier free', '--tier fre', 'fre'],
  [
    'a missing required option',
    'lib/resources.sh',
    '--name "$RESOURCE_GROUP" --location "$LOCATION"',
    '--name "$RESOURCE_GROUP"',
    'required: --location',
  ],
  ['an option without its value', 'lib/resources.sh', '--kind StorageV2', '--kind', 'expected'],
  ['a query that is no JMESPath', 'lib/resources.sh', '[sku.name,', '[sku.name,,', 'jmespath'],
]
const refusedByAzure: typeof refusedByParser = [
  ['a credential without its issuer', 'lib/access.sh', '--issuer "$issuer" ', '', '(BadRequest)'],
  ['a misspelt role', 'lib/access.sh', 'AcrPush', 'AcrPusher', "Role 'AcrPusher' doesn't exist"],
  [
    'a role that may too much',
    'lib/access.sh',
    'AcrPush',
    'Contributor',
    "Role 'Contributor' doesn't exist, or is not on the allow-list",
  ],
  [
    'a role for more than its namespace',
    'lib/access.sh',
    '"$CLUSTER_ID/namespaces/$(namespace_of "$environment")"',
    '"$CLUSTER_ID"',
    "Role 'Azure Kubernetes Service RBAC Writer' may not be given at",
  ],
  [
    'a client id in the place of a principal id',
    'lib/access.sh',
    '"$1" principalId',
    '"$1" clientId',
    '(PrincipalNotFound)',
  ],
  [
    'a scope that is not there',
    'lib/common.sh',
    'containers/$STORAGE_CONTAINER',
    'containers/x$STORAGE_CONTAINER',
    '(ResourceNotFound)',
  ],
  ['a resource before its group', 'provision.sh', '\nresource_group\n', '\n', '(ResourceGroupNotFound)'],
  ['a token for the wrong service', 'lib/devops.sh', 'DEVOPS=499b84ac', 'DEVOPS=00000000', 'Unauthorized'],
]

async function withMistake(file: string, right: string, wrong: string): Promise<string> {
  const copy = join(await temporaryFolder(), 'azure')
  await cp(folder, copy, {
    recursive: true,
    filter: (path) => !/node_modules|dist|reports|\.turbo/.test(path),
  })
  const source = await readFile(join(copy, file), 'utf8')
  expect(source).toContain(right)
  await writeFile(join(copy, file), source.replace(right, wrong))
  return copy
}

describe('the double refuses', () => {
  test.each([...refusedByParser, ...refusedByAzure])('%s in %s', async (_, file, right, wrong, message) => {
    const copy = await withMistake(file, right, wrong)
    const { run } = await subscription()
    const { code, stderr } = await run('provision.sh', everything, copy)
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining(message) })
  })
})

const realParser = parserRoot === undefined ? describe.skip : describe
const why = parserRoot === undefined ? ' [skipped: AZ_PARSER_ROOT is not set]' : ''
const root = parserRoot ?? ''

realParser(`the parser of the real Azure CLI${why}`, () => {
  test('takes every command line of the scripts', async () => {
    const { azure, run, succeed } = await subscription()
    await succeed('provision.sh', everything)
    await succeed('doctor.sh', everything)
    // Each of the ways in which something is mended.
    for (const resource of Object.values(azure.state.resources)) {
      for (const property of [
        'allowSharedKeyAccess',
        'adminUserEnabled',
        'subject',
        'disableLocalAccounts',
      ]) {
        if (property in resource) resource[property] = 'changed'
      }
    }
    await succeed('provision.sh', { ...everything, NODE_COUNT_MAX: '2' })
    const cluster = Object.values(azure.state.resources).find(({ type }) =>
      type.endsWith('/managedClusters'),
    )!
    cluster.provisioningState = 'Creating'
    await succeed('provision.sh', everything)
    azure.state.account.user.type = 'servicePrincipal'
    azure.state.resources.other = { ...cluster, id: 'other', tags: {}, type: 'Some.Thing/else' }
    await run('teardown.sh --yes', everything)
    delete azure.state.resources.other
    await succeed('provision.sh', everything)
    await succeed('teardown.sh --yes', everything)
    const asked = distinct(azure.calls.filter(({ code }) => code === 0 || code === 3).map(({ args }) => args))
    const commands = new Set(asked.map((args) => args.join(' ').replace(/ -.*/, '')))
    expect(askRealParser(root, asked).filter(({ right }) => !right)).toEqual([])
    // Every command of the table was shown to it.
    expect([...commands].sort()).toEqual([...readTable().keys()].filter((command) => command !== '').sort())
  })

  test('refuses the mistakes that the double takes for the parser’s', async () => {
    const refused: string[][] = []
    for (const [, file, right, wrong] of refusedByParser) {
      const { azure, run } = await subscription()
      await run('provision.sh', everything, await withMistake(file, right, wrong))
      refused.push(azure.calls.find(({ code }) => code === 2)!.args)
    }
    expect(askRealParser(root, refused).filter(({ right }) => right)).toEqual([])
  })

  test('has the options that were written down for machines without it', async () => {
    const recorded = await readFile(tableFile, 'utf8')
    const commands = [...readTable().keys()].filter((command) => command !== '')
    expect(readRealTable(root, commands)).toBe(recorded)
  })
})
