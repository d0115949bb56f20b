import { expect, test } from '@jest/globals'
import { emptyState } from '../src/index.js'
import { put } from '../src/state.js'
import { everything, type Subscription, subscription } from './helpers.js'

async function provisioned(state = {}): Promise<Subscription> {
  const made = await subscription(state)
  await made.succeed('provision.sh', everything)
  made.azure.calls.length = 0
  return made
}

/** What must be gone: everything but registered providers and spent delays. */
const rest = ({ groups, resources, roles, connections, namespaces }: Subscription['state']) => ({
  ...{ groups, resources, roles, connections, namespaces },
})
const nothing = rest(emptyState())

test('when it is confirmed, then nothing of what was made is left', async () => {
  const { state, succeed } = await provisioned()
  const { stderr } = await succeed('teardown.sh --yes', everything)
  expect(stderr).toContain('Nothing of it is left.')
  expect(rest(state)).toEqual(nothing)
})

test('when the project is typed as the answer, then it goes; any other answer keeps it', async () => {
  const { azure, state, shell } = await provisioned()
  expect((await shell('echo yes | ./teardown.sh', everything)).code).toBe(1)
  expect(azure.changes).toEqual([])
  expect((await shell('echo inference | ./teardown.sh', everything)).code).toBe(0)
  expect(rest(state)).toEqual(nothing)
})

test('when it is not confirmed, then nothing is removed', async () => {
  const { azure, run } = await provisioned()
  const { code, stderr } = await run('teardown.sh', everything)
  expect({ code, stderr }).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('not confirmed, nothing was removed'),
  })
  expect(azure.changes).toEqual([])
})

test('when it is asked what would go, then it lists it and removes nothing', async () => {
  const { azure, succeed } = await provisioned()
  const { stdout, stderr } = await succeed('teardown.sh --what-if', everything)
  for (const name of [
    'aks-inference',
    'id-inference-pod',
    'amw-inference',
    'the resource group rg-inference',
  ]) {
    expect(stderr).toContain(name)
  }
  expect(stdout).toContain('az group delete --name rg-inference --yes')
  expect(azure.changes).toEqual([])
})

test('when others have something in the group, then it and the group stay', async () => {
  const { state, succeed } = await provisioned()
  const theirs = put(state, 'rg-inference', 'Microsoft.KeyVault/vaults/theirs', {
    tags: { owner: 'somebody' },
  })
  const { stderr } = await succeed('teardown.sh --yes', everything)
  expect(stderr).toMatch(/This stays in rg-inference[\s\S]*vaults\/theirs/)
  expect(Object.keys(state.resources)).toEqual([theirs.id])
  expect(Object.keys(state.groups)).toEqual(['rg-inference'])
  expect(state.roles).toEqual([])
})

test('when the group was there before, then it stays', async () => {
  const groups = { 'rg-inference': { name: 'rg-inference', id: 'x', location: 'eastus2', tags: {} } }
  const { state, succeed } = await provisioned({ groups })
  await succeed('teardown.sh --yes', everything)
  expect(rest(state)).toEqual({ ...nothing, groups })
})

test('when a connection of the same project was made by hand, then it stays', async () => {
  const authorization = { scheme: 'WorkloadIdentityFederation', parameters: {} }
  const theirs = { id: '1', name: 'other', description: '', authorization }
  const { state, succeed } = await provisioned({ connections: [theirs] })
  await succeed('teardown.sh --yes', everything)
  expect(state.connections).toEqual([theirs])
})

test.each(['before', 'after'] as const)(
  'when every run fails %s a change, then the next ones remove the rest',
  async (when) => {
    const { azure, state, run } = await provisioned()
    for (let runs = 0; runs < 100; runs++) {
      const allowed = azure.changes.length + (when === 'before' ? 2 : 1)
      azure.fault = (change) => (change === allowed ? when : undefined)
      if ((await run('teardown.sh --yes', everything)).code === 0) break
    }
    expect(rest(state)).toEqual(nothing)
  },
)

test('when something can not be removed, then it says what is left', async () => {
  const { azure, run } = await provisioned()
  const really = azure.run.bind(azure)
  azure.run = (args) =>
    args.slice(0, 2).join(' ') === 'group delete' ? { code: 0, stdout: '', stderr: '' } : really(args)
  const { code, stderr } = await run('teardown.sh --yes', everything)
  expect({ code, stderr }).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(
      /this is still there; run this again in a few minutes: [\s\S]*managedClusters/,
    ),
  })
})

test('when nothing was made, then it says so and asks nothing', async () => {
  const { azure, succeed } = await subscription()
  expect((await succeed('teardown.sh')).stderr).toContain('nothing: it is all gone')
  expect(azure.changes).toEqual([])
})
