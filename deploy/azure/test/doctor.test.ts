import { expect, test } from '@jest/globals'
import type { State } from '../src/index.js'
import { everything, subscription } from './helpers.js'

test('when nothing is in the way, then it says so and changes nothing', async () => {
  const { azure, succeed } = await subscription()
  const { stdout } = await succeed('doctor.sh', everything)
  expect(stdout).not.toContain('STOP')
  expect(stdout).toContain('ok    quota of the region eastus2: 0 of 10 vCPUs used, 10 more for 5 nodes')
  expect(stdout).toContain('Nothing stands in the way.')
  expect(azure.changes).toEqual([])
})

test('when everything was made, then the subject of each service connection is shown', async () => {
  const { state, succeed } = await subscription()
  await succeed('provision.sh', everything)
  const { stdout } = await succeed('doctor.sh', everything)
  for (const { name, authorization } of state.connections) {
    const { workloadIdentityFederationSubject: subject } = authorization.parameters
    expect(stdout).toContain(`ok    service connection ${name}: subject ${subject}`)
  }
})

test('when the cluster stands, then its own nodes are not asked of the quota once more', async () => {
  const { state, succeed } = await subscription()
  await succeed('provision.sh', everything)
  // Its one node.
  state.vcpus.used = 2
  const { stdout } = await succeed('doctor.sh', everything)
  expect(stdout).toContain('ok    quota of the region eastus2: 2 of 10 vCPUs used, 8 more for 5 nodes')
})

test('when a subject differs by a letter, then both are shown', async () => {
  const { state, run, succeed } = await subscription()
  await succeed('provision.sh', everything)
  const { parameters } = state.connections[0]!.authorization
  parameters.workloadIdentityFederationSubject += 'x'
  const { code, stdout } = await run('doctor.sh', everything)
  expect(code).toBe(1)
  expect(stdout).toContain(
    `sent:     ${parameters.workloadIdentityFederationIssuer} ${parameters.workloadIdentityFederationSubject}`,
  )
  expect(stdout).toMatch(/believed: .*\n +https:\/\/login\.microsoftonline\.com/)
})

const stops: [string, Partial<State>, string][] = [
  ['no job may run on hosted agents', { parallelJobs: 0 }, 'https://aka.ms/azpipelines-parallelism-request'],
  [
    'the quota is too small',
    { vcpus: { used: 6, limit: 10 } },
    "quota of Standard_D2s_v5's family: 6 of 10 vCPUs used, 10 more for 5 nodes",
  ],
  [
    'roles may not be assigned',
    { ownRoles: ['Contributor'] },
    'may not assign roles in this subscription (has: Contributor)',
  ],
  ['az is too old', { version: '2.45.0' }, 'az is 2.45.0, 2.74.0 or newer is needed'],
]
test.each(stops)('when %s, then it stops and says what to do', async (_, state, message) => {
  const { run } = await subscription(state)
  const { code, stdout, stderr } = await run('doctor.sh', everything)
  expect(code).toBe(1)
  expect(stdout).toContain(message)
  expect(stderr).toContain('to mend first')
})

test('when the VM size does not exist, or the subscription is disabled, then it says so', async () => {
  const { state, run } = await subscription()
  state.account.state = 'Disabled'
  const { code, stdout } = await run('doctor.sh', { ...everything, NODE_SIZE: 'Standard_D2' })
  expect(code).toBe(1)
  expect(stdout).toContain('there is no VM size Standard_D2 in eastus2')
  expect(stdout).toContain('is Disabled')
})

test('when nobody is signed in, then it says how to sign in', async () => {
  const { azure, run } = await subscription()
  azure.run = () => ({ code: 1, stdout: '', stderr: "ERROR: Please run 'az login' to setup account.\n" })
  expect(await run('doctor.sh')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('nobody is signed in. Run: az login'),
  })
})
