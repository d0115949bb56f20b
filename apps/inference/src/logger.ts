import { type Logger, pino } from 'pino'

/** JSON lines on standard output; on a terminal, lines for people. */
export async function createLogger(level: string): Promise<Logger> {
  // Synchronous: the last words before a process is ended are the ones that matter.
  if (!process.stdout.isTTY) return pino({ level, base: null }, pino.destination({ sync: true }))
  const { default: pretty } = await import('pino-pretty')
  return pino(
    { level, base: null },
    pretty({ sync: true, translateTime: 'HH:MM:ss', hideObject: false, singleLine: true }),
  )
}
