import type { OnProgress, Progress } from '@repo/model-loader'
import { formatBytes } from './format.js'

const WIDTH = 24
/** Often enough to look smooth, seldom enough to cost nothing. */
const REDRAW_MS = 100
const CLEAR_LINE = '\r\u001b[K'

/** A bar on one line of a terminal, drawn over itself. Elsewhere (a pipe, a log) it draws nothing. */
export class ProgressBar {
  #drawnAt = 0
  #isDrawn = false

  constructor(
    private readonly stream: NodeJS.WriteStream,
    private readonly isEnabled: boolean = stream.isTTY === true,
  ) {}

  readonly onProgress: OnProgress = (progress) => {
    const now = Date.now()
    if (!this.isEnabled || now - this.#drawnAt < REDRAW_MS) return
    this.#drawnAt = now
    this.#isDrawn = true
    this.stream.write(CLEAR_LINE + line(progress).slice(0, (this.stream.columns || 80) - 1))
  }

  /** Leaves the line empty for what comes next. */
  clear(): void {
    if (this.#isDrawn) this.stream.write(CLEAR_LINE)
    this.#isDrawn = false
  }
}

function line({ step, file, doneBytes, totalBytes }: Progress): string {
  const share = totalBytes > 0 ? doneBytes / totalBytes : 1
  const bar = '#'.repeat(Math.round(share * WIDTH)).padEnd(WIDTH, '-')
  const percent = `${Math.floor(share * 100)}%`.padStart(4)
  return `${step} [${bar}]${percent} ${formatBytes(doneBytes)} of ${formatBytes(totalBytes)}  ${file}`
}
