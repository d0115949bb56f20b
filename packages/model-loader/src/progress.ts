/** How far a transfer has come. */
export interface Progress {
  /** What is being done: `publish`, `pull` or `download`. */
  step: string
  /** The file that moved last. */
  file: string
  /** Of all files of this step together. */
  doneBytes: number
  totalBytes: number
}

export type OnProgress = (progress: Progress) => void

/** Adds up the bytes of several files and reports them. */
export class ProgressMeter {
  #done = 0

  constructor(
    private readonly step: string,
    private readonly totalBytes: number,
    private readonly report: OnProgress | undefined,
  ) {}

  get doneBytes(): number {
    return this.#done
  }

  /** So many bytes more of this file are done. */
  add(file: string, bytes: number): void {
    this.#done += bytes
    const totalBytes = Math.max(this.totalBytes, this.#done)
    this.report?.({ step: this.step, file, doneBytes: this.#done, totalBytes })
  }
}
