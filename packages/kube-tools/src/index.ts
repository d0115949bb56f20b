export { type ResolveOptions, resolveTool } from './resolve.js'
export type { ToolName } from './tools.js'
