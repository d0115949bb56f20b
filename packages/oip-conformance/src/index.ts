export type { CheckResult } from './check.js'
export { ConformanceError, type ConformanceErrorCode } from './errors.js'
export { formatReport } from './report.js'
export { type ConformanceOptions, runConformance } from './run.js'
