import type { Context } from './context.js'
import { NoAnswer, NotApplicable, Unmet } from './errors.js'

export interface Check {
  /** Reads as a sentence about a good server. */
  name: string
  expected: string
  /** Where the protocol leaves a choice: what is asked for here, and why. */
  why?: string
  /** @throws Unmet, NoAnswer or NotApplicable */
  run(context: Context): Promise<void>
}

export interface CheckResult {
  name: string
  expected: string
  why?: string
  status: 'passed' | 'failed' | 'skipped'
  /** What was found instead; only when failed. */
  found?: string
  /** Why the check does not apply; only when skipped. */
  reason?: string
}

/** Runs one check. Anything but a finding about the server, such as an abort, is thrown on. */
export async function runCheck(check: Check, context: Context): Promise<CheckResult> {
  const { name, expected, why } = check
  const described = { name, expected, ...(why === undefined ? {} : { why }) }
  try {
    await check.run(context)
    return { ...described, status: 'passed' }
  } catch (error) {
    if (error instanceof NotApplicable) return { ...described, status: 'skipped', reason: error.message }
    if (error instanceof Unmet || error instanceof NoAnswer)
      return { ...described, status: 'failed', found: error.message }
    throw error
  }
}
