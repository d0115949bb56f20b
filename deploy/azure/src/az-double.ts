import { FakeAzure } from './fake-azure.js'
import { askRealParser, distinct, parserRoot } from './real-parser.js'
import { listen, runInTerminal } from './server.js'

/**
 * Runs a command whose `az` is the double: an empty subscription at first, gone at the end. With AZ_PARSER_ROOT every
 * command line is then shown to the real parser too.
 * @returns the command's exit code, or 1 when the real parser refuses one of its command lines
 */
export async function main(command: string[]): Promise<number> {
  if (command.length === 0) {
    console.error('usage: az-double <command...>, for example: az-double deploy/azure/provision.sh')
    return 2
  }
  const azure = new FakeAzure()
  const listening = await listen(azure)
  const code = await runInTerminal(listening, command)
  await listening.close()
  console.error(`az-double: ${azure.calls.length} calls of az, ${azure.changes.length} of them changes`)
  if (parserRoot === undefined) return code
  const asked = distinct(azure.calls.map(({ args }) => args))
  const refused = askRealParser(parserRoot, asked).filter(({ right }) => !right)
  for (const { args, message } of refused)
    console.error(`az-double: refused: az ${args.join(' ')}\n${message}`)
  console.error(`az-double: the real parser took ${asked.length - refused.length} of ${asked.length} forms`)
  return refused.length > 0 ? 1 : code
}
