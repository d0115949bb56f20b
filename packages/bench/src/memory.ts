import { readdirSync, readFileSync } from 'node:fs'

/** Megabytes (10^6 bytes). RSS counts shared pages for every process again; PSS shares them out. */
export interface Memory {
  rss: number
  pss: number
}

/** Of a process and all its descendants; undefined where there is no /proc. */
export function memoryOf(pid: number): Memory | undefined {
  const total = { rss: 0, pss: 0 }
  for (const process of [pid, ...descendants(pid)]) {
    const text = read(`/proc/${process}/smaps_rollup`)
    total.rss += (Number(/^Rss:\s+(\d+)/m.exec(text)?.[1] ?? 0) * 1024) / 1e6
    total.pss += (Number(/^Pss:\s+(\d+)/m.exec(text)?.[1] ?? 0) * 1024) / 1e6
  }
  return total.rss > 0 ? total : undefined
}

function descendants(pid: number): number[] {
  const parents = new Map<number, number>()
  for (const name of listProc()) {
    // Fields after the name in brackets: state, parent.
    const parent = /\) \S (\d+)/.exec(read(`/proc/${name}/stat`))?.[1]
    if (parent !== undefined) parents.set(Number(name), Number(parent))
  }
  const isBelow = (process: number): boolean => {
    const parent = parents.get(process)
    return parent === pid || (parent !== undefined && parent > 1 && isBelow(parent))
  }
  return [...parents.keys()].filter(isBelow)
}

function listProc(): string[] {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  } catch {
    return []
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
