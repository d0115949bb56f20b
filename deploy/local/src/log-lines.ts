const WARN = 40
const ERROR = 50

/**
 * Makes the app's JSON log readable: one line for people each, whatever else it prints as it is.
 * @param paint wraps a text in a terminal colour
 * @returns takes the app's output as it comes
 */
export function readableLog(
  write: (text: string) => void,
  paint: (code: number, text: string) => string,
): (chunk: Buffer) => void {
  const decoder = new TextDecoder()
  let rest = ''
  return (chunk) => {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) write(`${readable(line, paint)}\n`)
  }
}

function readable(line: string, paint: (code: number, text: string) => string): string {
  const entry = parse(line)
  if (!entry) return line
  const { level, time, msg, err, ...fields } = entry
  const clock = new Date(Number(time)).toTimeString().slice(0, 8)
  const text = Object.entries(fields)
    .map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ')
  const message =
    Number(level) >= ERROR ? paint(31, `${msg}`) : Number(level) >= WARN ? paint(33, `${msg}`) : msg
  const stack = (err as { stack?: string } | undefined)?.stack
  return `${paint(2, clock)} ${message} ${paint(2, text)}${stack === undefined ? '' : `\n${stack}`}`
}

function parse(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined
  try {
    const entry = JSON.parse(line)
    return 'level' in entry && 'msg' in entry && Number.isFinite(entry.time) ? entry : undefined
  } catch {
    return undefined
  }
}
