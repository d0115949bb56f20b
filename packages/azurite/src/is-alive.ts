import { readFileSync } from 'node:fs'

/** Whether a process with this id runs, also another user's. One that has ended but was not reaped does not. */
export function isAlive(pid: number): boolean {
  if (pid <= 0) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
  // In a container whose first process reaps nobody, an orphan stays a zombie for ever.
  return !/^[ZX]/.test(linuxState(pid))
}

function linuxState(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2)
  } catch {
    return ''
  }
}
