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

/** Asks every Service that the runs deployed for a prediction. @returns a line for each, also where none answers */
export async function predict(runs: RunRecord[]): Promise<string[]> {
  const jobs = runs.flatMap((run) => run.stages.flatMap((stage) => stage.jobs))
  const lines = jobs.map(async ({ environment, outputs }) => {
    const url = Object.entries(outputs).findLast(([name]) => /\.url$/.test(name))?.[1]
    if (environment === undefined || url === undefined) return ''
    const answer = await ask(url).catch((error: Error) => `does not answer: ${error.message}`)
    return `${environment} (${url}): ${answer}`
  })
  return (await Promise.all(lines)).filter(Boolean)
}

async function ask(url: string): Promise<string> {
  const body = await readFile(join(sampleBundles[0] ?? '', SAMPLE))
  const headers = { 'content-type': 'image/png' }
  const signal = AbortSignal.timeout(TIMEOUT_MS)
  const response = await fetch(`${url}/score`, { method: 'POST', body, headers, signal })
  const { result } = (await response.json()) as Scores
  const { model } = (await (await fetch(`${url}/version`, { signal })).json()) as Version
  return `${result[0]?.[0]?.[0]?.join(' ')} %, by ${model.name} ${model.version}`
}
