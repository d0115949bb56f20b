import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { agentEnvironment } from '../src/env.js'

const bin = fileURLToPath(new URL('../bin/rehearse.js', import.meta.url))
const rehearse = (env: Record<string, string>, ...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...args], {
    encoding: 'utf8',
    env: { ...agentEnvironment(), ...env },
  })
  return { status, stdout, stderr }
}

describe('npm run rehearse', () => {
  test('when asked to list, then it shows what a push would run', () => {
    const { status, stdout } = rehearse({}, '--list')
    expect(status).toBe(0)
    expect(stdout).toContain('inference-build (azure-pipelines/build.yml), IndividualCI')
    expect(stdout).toMatch(/ {2}Image after Model\n {4}Build: /)
    expect(stdout).toContain('inference-release (azure-pipelines/release.yml), ResourceTrigger')
    expect(stdout).not.toContain('inference-rollback')
  })

  test('when asked for a dry run of a pull request, then the plan is YAML without any service connection', () => {
    const { status, stdout } = rehearse({}, '--dry-run', '--event', 'pr')
    expect(status).toBe(0)
    expect(parse(stdout)).toMatchObject({ pipeline: 'inference-build', stages: [{ stage: 'Verify' }] })
    expect(stdout).not.toContain('azureSubscription')
  })

  test('when the event starts nothing, then it says why, and lists nothing', () => {
    const { status, stdout, stderr } = rehearse({}, '--list', '--changed', 'README.md')
    expect(stderr).toBe("inference-build is not started: its paths don't include README.md\n")
    expect(stdout.trim()).toBe('')
    expect(status).toBe(0)
  })

  test('when nobody reads to the end, then that is no failure', () => {
    const line = `set -o pipefail; '${process.execPath}' '${bin}' --dry-run | true`
    const { status, stderr } = spawnSync('bash', ['-c', line], { encoding: 'utf8', env: agentEnvironment() })
    expect(stderr).toBe('')
    expect(status).toBe(0)
  })

  test('when the checkout belongs to somebody else, then it is read all the same', () => {
    const { status, stderr } = rehearse({ GIT_TEST_ASSUME_DIFFERENT_OWNER: '1' }, '--list')
    expect(stderr).toBe('')
    expect(status).toBe(0)
  })

  test.each([
    [['--event', 'x'], '--event must be push, pr, schedule, model'],
    [['--frobnicate'], "Unknown option '--frobnicate'"],
    [['--stage', 'X'], 'there is no stage X'],
    [['--stage', 'Dev', '--from', 'Dev'], 'exclude each other'],
    [['--scenario', 'x'], 'there is no scenario x'],
    [['--parameter', 'x'], '--parameter must be name=value'],
    [['--parameter', 'x=1'], 'azure-pipelines/build.yml:1:1: unknown parameter x'],
  ])('when called with %j, then it exits with 2 and says why', (args, message) => {
    const { status, stderr } = rehearse({}, ...args)
    expect(stderr).toContain(message)
    expect(status).toBe(2)
  })
})
