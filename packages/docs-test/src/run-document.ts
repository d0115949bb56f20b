import { firstMissing } from './compare.js'
import type { Need, Step } from './directives.js'
import type { Session } from './session.js'

export interface Machine {
  /** undefined: it is there; else why it isn't. */
  missing(need: Need): string | undefined
  /** The output of a command that this CI run has run already. */
  taken(command: string): string | undefined
}

export type StepResult =
  | { step: Step; outcome: 'run' | 'taken'; compared: boolean; seconds: number }
  | { step: Step; outcome: 'skipped'; reason: string }
  | { step: Step; outcome: 'failed'; problem: string; output: string }

const DOCUMENT_STOPPED = 'a block before it failed'

/** Types a document's commands one after the other, as its reader would. After a failure the rest is skipped. */
export async function runDocument(
  steps: Step[],
  session: Session,
  machine: Machine,
  report: (result: StepResult) => void,
): Promise<StepResult[]> {
  const results: StepResult[] = []
  let failed = false
  for (const step of steps) {
    if (step.stopBefore) await session.stopBackground()
    const result: StepResult = failed
      ? { step, outcome: 'skipped', reason: DOCUMENT_STOPPED }
      : await runStep(step, session, machine)
    failed ||= result.outcome === 'failed'
    results.push(result)
    report(result)
  }
  await session.stopBackground()
  return results
}

async function runStep(step: Step, session: Session, machine: Machine): Promise<StepResult> {
  const begin = Date.now()
  const taken = machine.taken(step.command.trim())
  const needs = step.track === 'azure' ? ([...step.needs, 'az'] as const) : step.needs
  const reason = step.skip ?? needs.map((need) => machine.missing(need)).find((why) => why !== undefined)
  if (taken === undefined && reason !== undefined) return { step, outcome: 'skipped', reason }

  const problem =
    taken === undefined
      ? await runAndCompare(step, session)
      : mismatch(step, { exitCode: step.exit, output: taken })
  if (problem !== undefined) return { step, outcome: 'failed', ...problem }
  const seconds = (Date.now() - begin) / 1000
  return { step, outcome: taken === undefined ? 'run' : 'taken', compared: step.shown !== undefined, seconds }
}

type Problem = { problem: string; output: string } | undefined

async function runAndCompare(step: Step, session: Session): Promise<Problem> {
  if (!step.background) return mismatch(step, await session.run(step.command, step.timeoutSeconds))
  const { shown } = step
  if (shown === undefined) {
    return {
      problem: 'a background block needs a ```text block: its last line says when it is ready',
      output: '',
    }
  }
  const isReady = (output: string) => firstMissing(shown, output) === undefined
  const notReady = await session.start(step.command, isReady, step.timeoutSeconds)
  if (notReady === undefined) return undefined
  const how = notReady.exitCode === undefined ? `within ${step.timeoutSeconds} s` : 'before it ended'
  const line = firstMissing(shown, notReady.output)
  return { problem: `this line did not appear ${how}: ${line}`, output: notReady.output }
}

function mismatch(
  step: Step,
  { exitCode, output }: { exitCode: number | undefined; output: string },
): Problem {
  if (exitCode === undefined) return { problem: `it did not end within ${step.timeoutSeconds} s`, output }
  if (exitCode !== step.exit) return { problem: `exit code ${exitCode} instead of ${step.exit}`, output }
  const line = step.shown === undefined ? undefined : firstMissing(step.shown, output)
  return line === undefined ? undefined : { problem: `its output has no such line: ${line}`, output }
}
