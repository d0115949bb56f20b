import { performance } from 'node:perf_hooks'
import { formatBytes, progressBar } from './format.js'
import { readableLog } from './log-lines.js'

export interface Step {
  /** How far it is; bytes. A total of 0 is not yet known. */
  progress(doneBytes: number, totalBytes: number): void
  done(text: string): void
}

export interface Output {
  /** One step at a time: it is live until `done`, the next step or an error. */
  step(title: string): Step
  line(text?: string): void
  raw(text: string | Uint8Array): void
  /** The app's log: JSON lines as they are in a pipe, readable ones on a terminal. */
  log(chunk: Buffer): void
  error(message: string, next?: string): void
  /** Ends what is live and says that everything is to end. */
  stopping(): void
  bold(text: string): string
}

export interface OutputOptions {
  redraw: boolean
  colour: boolean
  write?: (text: string | Uint8Array) => void
}

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const FRAME_MS = 80
/** In a log, a long step says how far it is this often. */
const LOG_EVERY_MS = 5_000
const CLEAR_LINE = '\r\x1b[2K'

/** Live lines with a spinner on a terminal, plain lines for logs and pipes. */
export function createOutput({ redraw, colour, write = writeStdout }: OutputOptions): Output {
  const paint = (code: number, text: string) => (colour ? `\x1b[${code}m${text}\x1b[0m` : text)
  let live: { title: string; detail: string; timer: NodeJS.Timeout } | undefined
  let frame = 0

  const draw = () => {
    if (!live) return
    const spinner = paint(36, FRAMES[frame++ % FRAMES.length] ?? '')
    const width = (process.stdout.columns || 80) - 3
    write(`${CLEAR_LINE}${spinner} ${`${live.title} ${live.detail}`.slice(0, width)}`)
  }
  const endLive = () => {
    if (!live) return
    clearInterval(live.timer)
    live = undefined
    write(CLEAR_LINE)
  }
  const above = (text: string | Uint8Array) => {
    if (live) write(CLEAR_LINE)
    write(text)
    draw()
  }

  return {
    step(title) {
      endLive()
      const began = performance.now()
      if (redraw) {
        live = { title, detail: '', timer: setInterval(draw, FRAME_MS).unref() }
        draw()
      } else {
        write(`   ${title} ...\n`)
      }
      let logged = began
      return {
        progress(done, total) {
          if (total <= 0) return
          const text = `${progressBar(done / total)} ${formatBytes(done)} of ${formatBytes(total)}`
          if (live) live.detail = text
          if (redraw || performance.now() - logged < LOG_EVERY_MS) return
          logged = performance.now()
          write(`   ${title}: ${text}\n`)
        },
        done(text) {
          endLive()
          const seconds = paint(2, `(${((performance.now() - began) / 1000).toFixed(1)} s)`)
          write(`${paint(32, redraw ? '✔' : 'ok')} ${text} ${seconds}\n`)
        },
      }
    },
    line(text = '') {
      above(`${text}\n`)
    },
    raw: above,
    log: redraw ? readableLog(above, paint) : above,
    error(message, next) {
      endLive()
      write(`${paint(31, `${redraw ? '✖' : 'error:'} ${message}`)}\n`)
      if (next !== undefined) write(`${redraw ? '→' : 'next:'} ${next}\n`)
    },
    stopping() {
      endLive()
      write('Stopping\n')
    },
    bold: (text) => paint(1, text),
  }
}

function writeStdout(text: string | Uint8Array): void {
  process.stdout.write(text)
}
