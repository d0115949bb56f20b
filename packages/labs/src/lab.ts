import type { Workbench } from './workbench.js'

/** One thing that a lab wants to see, looked up in the real state of the machine. */
export interface Check {
  what: string
  /** Where to look or what to type when it is missing. */
  hint: string
  /** @returns true, or what was found instead. What it throws counts as found, too. */
  look(bench: Workbench): Promise<true | string>
}

export interface Lab {
  title: string
  /** Brings the machine to the lab's start, from wherever it is. Done twice it is harmless. @returns what to know */
  start(bench: Workbench): Promise<string>
  checks: Check[]
}

export interface Finding {
  what: string
  isDone: boolean
  /** Where it is not done. */
  found: string
  hint: string
}

export async function findings(lab: Lab, bench: Workbench): Promise<Finding[]> {
  const list: Finding[] = []
  for (const { what, hint, look } of lab.checks) {
    const result = await look(bench).catch((error: Error) => error.message)
    list.push({ what, hint, isDone: result === true, found: result === true ? '' : result })
  }
  return list
}
