import { PipelineError, type Position, type ValueMap } from '../expand/index.js'
import { isMet, statusOf } from './conditions.js'
import type { RunContext } from './context.js'
import type { Progress, Result, StepRecord } from './record.js'

interface Node extends Progress {
  name: string
  dependsOn: string[]
  condition?: string | undefined
  at: Position
  /** A job's. */
  steps?: StepRecord[]
  /** A stage's. */
  jobs?: { steps: StepRecord[] }[]
}

/**
 * Runs stages, or a stage's jobs: each once all it depends on has ended, if its condition is met. A mistake that shows
 * only now fails the node.
 * @param namesFor what the condition of a node sees
 */
export async function runGraph<T extends Node>(
  nodes: T[],
  run: RunContext,
  namesFor: (node: T) => ValueMap,
  work: (node: T, names: ValueMap) => Promise<Result>,
): Promise<void> {
  const runNode = async (node: T) => {
    try {
      const names = namesFor(node)
      const before = new Map(ancestors(nodes, node).map(({ name, result }) => [name, result]))
      if (!isMet(node, names, statusOf(before, run.signal.aborted))) {
        const why = node.condition ? `condition: ${node.condition}` : 'what it depends on did not succeed'
        Object.assign(node, { result: 'Skipped', reason: why })
      } else {
        node.startedAt = Date.now()
        run.changed()
        node.result = await work(node, names)
      }
    } catch (error) {
      const message = error instanceof PipelineError ? error.message : String((error as Error).stack)
      Object.assign(node, { result: 'Failed', reason: message })
      // The view and the report show what goes wrong with steps.
      const [step] = node.steps ?? node.jobs?.[0]?.steps ?? []
      step?.issues.push({ type: 'error', message })
      if (step) step.result = 'Failed'
    }
    if (node.startedAt !== undefined) node.endedAt = Date.now()
    run.changed()
  }
  const waiting = new Set(nodes.filter(({ result }) => result === undefined))
  const running = new Set<Promise<unknown>>()
  while (waiting.size > 0 || running.size > 0) {
    for (const node of waiting) {
      const isReady = ancestors(nodes, node).every(({ result }) => result !== undefined)
      if (!isReady || running.size >= run.width) continue
      waiting.delete(node)
      const task: Promise<unknown> = runNode(node).then(() => running.delete(task))
      running.add(task)
    }
    await Promise.race(running)
  }
}

/** Everything that a node depends on, directly or through others. */
export function ancestors<T extends { name: string; dependsOn: string[] }>(nodes: T[], node: T): T[] {
  const direct = nodes.filter(({ name }) => node.dependsOn.includes(name))
  return [...new Set(direct.flatMap((each) => [each, ...ancestors(nodes, each)]))]
}
