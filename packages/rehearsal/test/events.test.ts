import { describe, expect, test } from '@jest/globals'
import { root } from '../src/env.js'
import { passes } from '../src/expand/triggers.js'
import { type Options, parseOptions } from '../src/options.js'
import { preparePipelines, startsAfter } from '../src/pipelines.js'
import type { RunRecord } from '../src/run/record.js'

const options = (...args: string[]): Options => parseOptions(args)
const prepare = (...args: string[]) => preparePipelines(options(...args), root)
const find = async (name: string, ...args: string[]) =>
  (await prepare(...args)).find((each) => each.name === name)!

/** Page: https://learn.microsoft.com/azure/devops/pipelines/repos/azure-repos-git#ci-triggers */
describe('filters', () => {
  test.each([
    [['main'], [], 'refs/heads/main', true],
    [['releases/*'], ['releases/old*'], 'refs/heads/releases/v1', true],
    [['releases/*'], ['releases/old*'], 'refs/heads/releases/old2', false],
    [[], ['users/*'], 'refs/heads/main', true],
    [['docs'], [], 'docs/a/b.md', true],
    [['docs'], [], 'docs2/a.md', false],
    [['docs'], ['docs/README.md'], 'docs/README.md', false],
    [['*'], [], 'anything/at/all', true],
  ])('when %j is included and %j excluded, then %s passes: %s', (include, exclude, name, expected) => {
    expect(passes({ include, exclude }, name)).toBe(expected)
  })
})

describe("this repository's pipelines", () => {
  test.each([
    [['--event', 'push'], undefined],
    [['--changed', 'README.md'], "its paths don't include README.md"],
    [['--changed', 'README.md', '--changed', 'apps/inference/src/app.ts'], undefined],
    [['--branch', 'feature/x'], "its branches don't include feature/x"],
    [['--event', 'pr'], undefined],
    [['--event', 'schedule', '--schedule', 'Model watch'], undefined],
    [['--event', 'model'], undefined],
  ])('when called with %j, then the build is kept from starting by: %s', async (args, expected) => {
    expect((await find('inference-build', ...args)).why).toBe(expected)
  })

  test('when there is no such schedule, then those that are there are named', async () => {
    const asked = prepare('--event', 'schedule', '--schedule', 'weekly')
    await expect(asked).rejects.toThrow('There are: Nightly, Model watch')
  })

  test('when it is a pull request, then no step of the build has a service connection; a push has some', async () => {
    const connected = async (event: string) => {
      const { stages } = (await find('inference-build', '--event', event)).pipeline
      const steps = stages.flatMap(({ jobs }) => jobs).flatMap((job) => job.steps)
      return steps.filter(({ task }) => /^AzureCLI@/.test(task)).length
    }
    expect(await connected('pr')).toBe(0)
    expect(await connected('push')).toBeGreaterThan(0)
  })

  test('when a build of main is finished and releasable, then the release starts; otherwise nothing does', async () => {
    const { pipeline } = await find('inference-release')
    const build = {
      name: 'inference-build',
      trigger: { branch: 'refs/heads/main' },
      tags: ['releasable'],
    } as unknown as RunRecord
    expect(startsAfter(build, pipeline)).toBe('build')
    expect(startsAfter({ ...build, tags: [] }, pipeline)).toBeUndefined()
    const other = { ...build, trigger: { ...build.trigger, branch: 'refs/pull/1/merge' } }
    expect(startsAfter(other, pipeline)).toBeUndefined()
    expect(startsAfter({ ...build, name: 'another' }, pipeline)).toBeUndefined()
  })

  test('when a pipeline is started by hand, then only that one runs, with its parameters', async () => {
    const args = ['--pipeline', 'inference-rollback', '--parameter', 'target=dev']
    expect((await prepare(...args)).map(({ selected }) => [...selected])).toEqual([[], [], ['Dev']])
    expect((await find('inference-rollback', ...args)).trigger.reason).toBe('Manual')
    await expect(prepare('--pipeline', 'x')).rejects.toThrow(
      'there is no pipeline x. There are: inference-build',
    )
  })

  test('when stages are chosen, then those before them are not run, and a whole pipeline after them is', async () => {
    const selected = async (...args: string[]) =>
      (await prepare(...args)).map(({ name, selected: set }) => [name, [...set]])
    expect(await selected('--from', 'Model')).toEqual([
      ['inference-build', ['Model', 'Image']],
      ['inference-release', ['Dev', 'Staging', 'Production']],
      ['inference-rollback', ['Production']],
    ])
    expect((await selected('--stage', 'Verify')).map(([, set]) => set)).toEqual([['Verify'], [], []])
    await expect(prepare('--stage', 'Deploy')).rejects.toThrow('there is no stage Deploy. There are: Verify')
  })
})
