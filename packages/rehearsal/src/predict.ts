import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sampleBundles } from '@repo/sample-model'
import type { RunRecord } from './run/record.js'

const SAMPLE = 'samples/00-ankle-boot.png'
const TIMEOUT_MS = 10_000

interface Version {
  model: { name: string; version: string }
}
interface Scores {
  result: [[[string, number]]][]
}

/** Asks every Service that the runs deployed for a prediction. @returns a line for each */
export async function predict(runs: RunRecord[]): Promise<string[]> {
  const jobs = runs.flatMap((run) => run.stages.flatMap((stage) => stage.jobs))
  const lines = jobs.map(async ({ environment, outputs }) => {
    const url = Object.entries(outputs).findLast(([name]) => /\.url$/.test(name))?.[1]
    if (environment === undefined || url === undefined) return ''
    const body = await readFile(join(sampleBundles[0] ?? '', SAMPLE))
    const headers = { 'content-type': 'image/png' }
    const signal = AbortSignal.timeout(TIMEOUT_MS)
    const response = await fetch(`${url}/score`, { method: 'POST', body, headers, signal })
    const { model } = (await (await fetch(`${url}/version`, { signal })).json()) as Version
    const { result } = (await response.json()) as Scores
    return `${environment} (${url}): ${result[0]?.[0]?.[0]?.join(' ')} %, by ${model.name} ${model.version}`
  })
  return (await Promise.all(lines)).filter(Boolean)
}
