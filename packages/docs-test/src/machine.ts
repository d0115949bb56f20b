import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { hasAzureDouble } from './azure-double.js'
import type { Need } from './directives.js'
import { env } from './env.js'
import { DocsError } from './errors.js'
import type { Machine } from './run-document.js'

/** What this machine has of the things that blocks need, and what this CI run has run already. */
export function inspectMachine(root: string, ran: Map<string, string>): Machine {
  const docker = succeeds('docker', 'version', '--format', '{{.Server.Version}}')
  const engine = docker || succeeds('podman', 'version')
  const ownCluster = env.CLUSTER_SCRIPT !== undefined && process.getuid?.() === 0
  const missing: Record<Need, string | undefined> = {
    engine: engine ? undefined : 'needs docker or podman',
    cluster: reasonUnless(
      engine && (ownCluster || (docker && succeeds('kind', 'version'))),
      'needs a cluster: docker and kind, or root and CLUSTER_SCRIPT',
    ),
    az: reasonUnless(hasAzureDouble(root), 'needs the stand-in for az'),
  }
  return {
    missing: (need) => missing[need],
    taken(command) {
      const log = ran.get(command)
      if (log === undefined) return undefined
      if (!existsSync(log)) throw new DocsError(`--ran "${command}": its output ${log} is not there`)
      return readFileSync(log, 'utf8')
    },
  }
}

/**
 * Where podman runs as root in the place of docker, base images are made from Debian's packages: such machines, CI's
 * among them, may reach no image registry. A reader with docker gets those of the Dockerfile.
 * @returns settings for image-build.sh
 */
export function baseImages(folder: string): Record<string, string> {
  const isPodman =
    !succeeds('docker', 'version', '--format', '{{.Server.Version}}') && succeeds('podman', 'version')
  if (!isPodman || process.getuid?.() !== 0) return {}
  const printed = execFileSync(join(folder, 'deploy/local/base-image/base-image.sh'), { encoding: 'utf8' })
  return Object.fromEntries([...printed.matchAll(/(\w+)=(\S+)/g)].map(([, name, value]) => [name, value]))
}

function reasonUnless(holds: boolean, reason: string): string | undefined {
  return holds ? undefined : reason
}

function succeeds(command: string, ...args: string[]): boolean {
  const { status, stdout } = spawnSync(command, args, { encoding: 'utf8', timeout: 20_000 })
  return status === 0 && stdout.trim() !== ''
}
