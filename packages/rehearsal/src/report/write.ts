import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { RunRecord } from '../run/record.js'
import { junit } from './junit.js'
import { page } from './page.js'
import { summary } from './summary.js'

/** Writes index.html, summary.md and junit.xml beside the logs. */
export async function writeReport(runs: RunRecord[], folder: string): Promise<void> {
  await writeFile(join(folder, 'junit.xml'), junit(runs))
  await writeFile(join(folder, 'summary.md'), summary(runs))
  await writeFile(join(folder, 'index.html'), page(runs, folder))
}
