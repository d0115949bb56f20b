export interface LoggingCommand {
  /** `task.setvariable`, in lower case. */
  name: string
  properties: Record<string, string>
  message: string
}

const COMMAND = /##vso\[([\w.]+)\s*([^\]]*)\](.*)$/

/** The `##vso[...]` of a line, if there is one. Microsoft: pipelines/scripts/logging-commands */
export function parseLoggingCommand(line: string): LoggingCommand | undefined {
  const match = COMMAND.exec(line)
  if (!match) return undefined
  const [, name = '', list = '', message = ''] = match
  const properties: Record<string, string> = {}
  for (const pair of list.split(';')) {
    const equals = pair.indexOf('=')
    if (equals > 0) properties[pair.slice(0, equals).trim().toLowerCase()] = decode(pair.slice(equals + 1))
  }
  return { name: name.toLowerCase(), properties, message: decode(message) }
}

function decode(text: string): string {
  return text
    .replaceAll('%3B', ';')
    .replaceAll('%0D', '\r')
    .replaceAll('%0A', '\n')
    .replaceAll('%5D', ']')
    .replaceAll('%AZP25', '%')
}
