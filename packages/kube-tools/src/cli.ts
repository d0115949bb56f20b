/** `kube-tools helm|helm3|helm4|kubectl`: prints the tool's path. */
import { resolveTool } from './resolve.js'
import { TOOLS, type ToolName } from './tools.js'

const [name, ...more] = process.argv.slice(2)
if (name === undefined || !Object.hasOwn(TOOLS, name) || more.length > 0) {
  console.error(`usage: kube-tools ${Object.keys(TOOLS).join('|')}`)
  process.exit(2)
}
try {
  console.log(await resolveTool(name as ToolName))
} catch (error) {
  console.error(`kube-tools: ${(error as Error).message}`)
  process.exitCode = 1
}
