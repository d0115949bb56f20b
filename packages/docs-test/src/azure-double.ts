import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const PROGRAM = 'deploy/azure/bin/az-double.js'
/** Tells at which port its `az` asks, and then waits until its input ends. */
const HOLD = 'echo "$AZ_DOUBLE_PORT"; cat >/dev/null'

export function hasAzureDouble(root: string): boolean {
  return existsSync(join(root, PROGRAM))
}

/** A fake Azure that starts empty and lives as long as a document: what one block makes the next one finds. */
export class AzureDouble {
  private constructor(
    private readonly child: ChildProcess,
    /** Put before a block's command: from then on `az` is the stand-in. */
    readonly prefix: string,
  ) {}

  static async start(root: string): Promise<AzureDouble> {
    const child = spawn(process.execPath, [join(root, PROGRAM), 'bash', '-c', HOLD], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const port = (await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next()).value
    const folder = join(root, 'deploy/azure/double')
    return new AzureDouble(child, `export AZ_DOUBLE_PORT=${port} RETRY_SECONDS=0 PATH="${folder}:$PATH"\n`)
  }

  /** @returns false when Azure CLI's own parser was asked and refused a command line */
  async end(): Promise<boolean> {
    const code = new Promise((resolve) => this.child.once('exit', resolve))
    this.child.stdin?.end()
    return (await code) === 0
  }
}
