import { changes, type Handler, reads } from './arm.js'
import { AzError, parse, readTable } from './commands.js'
import { invoke, rest } from './remote.js'
import { render } from './render.js'
import { emptyState, find, type State } from './state.js'

export interface Answer {
  code: number
  stdout: string
  stderr: string
}

export interface Call {
  args: string[]
  /** Whether it was to change something, not only to look. */
  changing: boolean
  code: number
}

/** A fault for the change with that number, counted from 1: it fails before it had its effect, or after. */
export type Fault = (change: number) => 'before' | 'after' | undefined

/**
 * Stands in for `az` with Azure and Azure DevOps behind it: the recorded parser, canned answers, and a state that
 * changes as the real one would.
 */
export class FakeAzure {
  readonly #table = readTable()
  readonly calls: Call[] = []
  fault: Fault = () => undefined

  constructor(readonly state: State = emptyState()) {}

  get changes(): string[][] {
    return this.calls.filter(({ changing }) => changing).map(({ args }) => args)
  }

  /** Answers one command line, without the leading `az`. Never throws. */
  run(args: string[]): Answer {
    const call: Call = { args, changing: false, code: 0 }
    this.calls.push(call)
    try {
      return { code: 0, stdout: this.#answer(args, call), stderr: '' }
    } catch (error) {
      if (!(error instanceof AzError)) throw error
      call.code = error.code
      return { code: error.code, stdout: '', stderr: `ERROR: ${error.message}\n` }
    }
  }

  #answer(args: string[], call: Call): string {
    const parsed = parse(this.#table, args)
    const option = (name: string) => parsed.values.get(name)?.join(' ') ?? ''
    const { handler, changing } = this.#handler(parsed.command, option)
    call.changing = changing
    const fault = changing ? this.fault(this.changes.length) : undefined
    if (fault === 'before') throw new AzError('(Injected) Nothing was done.', 1)
    const answer = handler(this.state, option, parsed)
    if (fault === 'after') throw new AzError('(Injected) It was done, and the answer was lost.', 1)
    return render(answer ?? undefined, parsed.values.get('--query')?.[0], option('--output') || 'json')
  }

  #handler(command: string, option: (name: string) => string): { handler: Handler; changing: boolean } {
    if (command === 'rest') return { handler: rest, changing: option('--method').toLowerCase() !== 'get' }
    if (command === 'aks command invoke') {
      const handler: Handler = (state) => {
        find(
          state,
          option('--resource-group'),
          `Microsoft.ContainerService/managedClusters/${option('--name')}`,
        )
        return invoke(state, option('--command'))
      }
      return { handler, changing: !option('--command').startsWith('kubectl get') }
    }
    const handler = reads[command] ?? changes[command]
    if (handler === undefined) throw new AzError(`The double has no answer for: az ${command}`, 1)
    return { handler, changing: command in changes }
  }
}
