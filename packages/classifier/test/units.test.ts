import { mkdir, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { temporaryFolders } from '@repo/testing'
import { cpuLimit } from '../src/cpu.js'
import { softmax, topK } from '../src/top-k.js'

const temporaryFolder = temporaryFolders()

/** A root folder with these files in it. */
async function root(files: Record<string, string>): Promise<string> {
  const folder = await temporaryFolder()
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(folder, path, '..'), { recursive: true })
    await writeFile(join(folder, path), content)
  }
  return folder
}

describe('cpuLimit', () => {
  test.each([
    ['no cgroup', {}, availableParallelism()],
    ['cgroup v2 without a limit', { 'sys/fs/cgroup/cpu.max': 'max 100000\n' }, availableParallelism()],
    ['cgroup v2 with half a CPU', { 'sys/fs/cgroup/cpu.max': '50000 100000\n' }, 1],
    ['cgroup v2 with 1.9 CPUs', { 'sys/fs/cgroup/cpu.max': '190000 100000\n' }, 1],
    [
      'cgroup v2 with more than there are',
      { 'sys/fs/cgroup/cpu.max': '90000000 100000\n' },
      availableParallelism(),
    ],
    [
      'cgroup v1 with one CPU',
      { 'sys/fs/cgroup/cpu/cpu.cfs_quota_us': '100000\n', 'sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n' },
      1,
    ],
    [
      'cgroup v1 without a limit',
      { 'sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1\n', 'sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n' },
      availableParallelism(),
    ],
  ])('when there is %s, then that counts', async (_, files, expected) => {
    expect(cpuLimit(await root(files))).toBe(expected)
  })
})

describe('softmax', () => {
  test('when logits are huge, then probabilities still sum to 1', () => {
    const result = softmax(Float32Array.of(1000, 1000, -1000))
    expect(result[0]).toBeCloseTo(0.5)
    expect(result.reduce((sum, value) => sum + value)).toBeCloseTo(1)
  })
})

describe('topK', () => {
  const labels = ['a', 'b', 'c', 'd']
  const names = (values: number[], k: number) =>
    topK(Float32Array.from(values), labels, k).map(({ label }) => label)

  test('when there are more labels than asked for, then the best come first', () => {
    expect(names([0.1, 0.4, 0.2, 0.3], 3)).toEqual(['b', 'd', 'c'])
  })

  test('when there are fewer labels than asked for, then all come', () => {
    expect(topK(Float32Array.of(0.2, 0.8), ['x', 'y'], 3).map(({ label }) => label)).toEqual(['y', 'x'])
  })

  test('when labels are equally probable, then they keep their order', () => {
    expect(names([0.25, 0.25, 0.25, 0.25], 2)).toEqual(['a', 'b'])
  })
})
