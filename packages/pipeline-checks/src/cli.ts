import { fileURLToPath } from 'node:url'
import { checkAll } from './check.js'
import { env } from './env.js'
import { report } from './finding.js'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const { findings, skipped } = await checkAll(root, env.AZURE_PIPELINES_SCHEMA)
for (const line of report(findings)) console.error(line)
for (const { check, why } of skipped) console.error(`not checked: ${check}: ${why}`)
console.log(findings.length === 0 ? 'The pipelines are in order.' : `${report(findings).length} mistakes.`)
process.exitCode = findings.length === 0 ? 0 : 1
