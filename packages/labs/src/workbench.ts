import { execFile } from 'node:child_process'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { resolveTool } from '@repo/kube-tools'
import { type ModelStore, openStore, publishModel } from '@repo/model-loader'
import { sampleBundles } from '@repo/sample-model'
import { environmentWith } from './env.js'

const run = promisify(execFile)

/** The namespace of labs 5, 7 and 8. */
export const NAMESPACE = 'lab'

/** One revision of the release, as `helm history` tells it. */
export interface Revision {
  revision: number
  status: string
  description: string
}

/** What labs start from and look at: one folder, one store, one namespace, and the app on this machine. */
export class Workbench {
  readonly folder: string

  constructor(
    readonly root: string,
    readonly state: string,
    readonly url: string,
  ) {
    this.folder = join(state, 'lab')
  }

  path(...parts: string[]): string {
    return join(this.folder, ...parts)
  }

  /** The labs' own model store, a folder. */
  get store(): ModelStore {
    return openStore(pathToFileURL(this.path('store')).href)
  }

  /** Makes the store anew with the sample model's first versions, so many of them. */
  async freshStore(versions: number): Promise<void> {
    await rm(this.path('store'), { recursive: true, force: true })
    for (const folder of sampleBundles.slice(0, versions)) await publishModel(this.store, folder)
  }

  /** The app's answer as text. @throws Error where nothing answers */
  async ask(path: string, init?: RequestInit): Promise<{ status: number; text: string }> {
    try {
      const response = await fetch(this.url + path, { ...init, signal: AbortSignal.timeout(5_000) })
      return { status: response.status, text: await response.text() }
    } catch {
      throw new Error(`nothing answers at ${this.url}`)
    }
  }

  /** How many requests the running app has answered, by its own metrics. */
  async answered(route: string, isWanted: (status: number) => boolean): Promise<number> {
    const { text } = await this.ask('/metrics')
    let count = 0
    for (const [, labels = '', value] of text.matchAll(/^http_requests_total\{(.*)\} (\d+)$/gm)) {
      const status = Number(/status="(\d+)"/.exec(labels)?.[1])
      if (labels.includes(`route="${route}"`) && isWanted(status)) count += Number(value)
    }
    return count
  }

  /** Runs a script of deploy/scripts; its state goes to the labs' own folder. @throws Error with its last words */
  async script(name: string, settings: Record<string, string>): Promise<void> {
    const environment = { OUT_DIR: this.path('out'), ...(await this.#cluster()), ...settings }
    await this.#run(join(this.root, 'deploy/scripts', name), [], environment)
  }

  /** What a script wrote for later steps. */
  async output(name: string): Promise<string> {
    const text = await readFile(this.path('out', 'outputs.env'), 'utf8').catch(() => '')
    return new RegExp(`^${name}=(.*)$`, 'm').exec(text)?.[1] ?? ''
  }

  /** The container engine's answer. @throws Error */
  async engine(...args: string[]): Promise<string> {
    const lib = join(this.root, 'deploy/scripts/lib.sh')
    const command = '. "$0"; "$(engine)" "$@"'
    return this.#run('bash', ['-c', command, lib, ...args], { OUT_DIR: this.path('out') })
  }

  /** @throws Error, also where no cluster is up */
  async kubectl(...args: string[]): Promise<string> {
    return this.#run(await resolveTool('kubectl'), ['--namespace', NAMESPACE, ...args], await this.#cluster())
  }

  /** @throws Error, also where no cluster is up */
  async helm(...args: string[]): Promise<string> {
    return this.#run(await resolveTool('helm'), ['--namespace', NAMESPACE, ...args], await this.#cluster())
  }

  /** The kind of Service that this machine reaches in the cluster. */
  async serviceType(): Promise<string> {
    return (await this.#cluster()).SERVICE_TYPE ?? 'ClusterIP'
  }

  /** Oldest first; empty without a release. */
  async history(): Promise<Revision[]> {
    await this.#cluster()
    const text = await this.helm('history', 'inference', '--output', 'json').catch(() => '[]')
    return JSON.parse(text) as Revision[]
  }

  /** Values of a revision, defaults included. */
  async values(revision: number): Promise<ReleaseValues> {
    const more = ['--all', '--output', 'json', '--revision', String(revision)]
    return JSON.parse(await this.helm('get', 'values', 'inference', ...more)) as ReleaseValues
  }

  /** @throws Error where no cluster is up */
  async #cluster(): Promise<Record<string, string>> {
    const text = await readFile(join(this.state, 'cluster/cluster.env'), 'utf8').catch(() => {
      throw new Error('no cluster is up: npm run cluster:up')
    })
    const lines = text.matchAll(/^(?:export )?([A-Z_]+)=["']?(.*?)["']?$/gm)
    return Object.fromEntries([...lines].map(([, name, value]) => [name, value]))
  }

  async #run(command: string, args: string[], settings: Record<string, string>): Promise<string> {
    const [helm, kubectl] = await Promise.all([resolveTool('helm'), resolveTool('kubectl')]).catch(() => [])
    const tools = helm && kubectl ? { HELM: helm, KUBECTL: kubectl } : {}
    const options = { cwd: this.root, env: environmentWith({ ...tools, ...settings }), maxBuffer: 64 << 20 }
    try {
      return (await run(command, args, options)).stdout
    } catch (error) {
      const { stderr = '', message } = error as Error & { stderr?: string }
      throw new Error(stderr.trim().split('\n').slice(-3).join('\n') || message)
    }
  }
}

/** The part of the chart's values that labs look at. */
export interface ReleaseValues {
  image: { repository: string; digest: string }
  canary: { enabled: boolean; image: { digest: string } }
  replicaCount: number
  apiKeys: { values: string[] }
}
