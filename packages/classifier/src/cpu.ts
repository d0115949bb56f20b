import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'

/**
 * How many CPUs this process may use: the container's CPU limit where there is one, never the host's core count.
 * A limit of 2.5 CPUs gives 2, one of 0.5 gives 1.
 * @param root where the file system starts; tests give a folder of their own
 * @see https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu (cpu.max: "quota period" in microseconds, or "max")
 */
export function cpuLimit(root = '/'): number {
  const quota = cgroupV2Quota(root) ?? cgroupV1Quota(root) ?? Number.POSITIVE_INFINITY
  return Math.max(1, Math.min(availableParallelism(), Math.floor(quota)))
}

function cgroupV2Quota(root: string): number | undefined {
  const [quota, period] = read(join(root, 'sys/fs/cgroup/cpu.max')).split(' ').map(Number)
  return quota && period ? quota / period : undefined
}

function cgroupV1Quota(root: string): number | undefined {
  const quota = Number(read(join(root, 'sys/fs/cgroup/cpu/cpu.cfs_quota_us')))
  const period = Number(read(join(root, 'sys/fs/cgroup/cpu/cpu.cfs_period_us')))
  return quota > 0 && period > 0 ? quota / period : undefined
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return ''
  }
}
