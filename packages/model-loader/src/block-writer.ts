import { constants, type FileHandle, open } from 'node:fs/promises'
import { diskCode } from './disk.js'

/** Large enough for a disk to be quick, small enough to stay in the processor's cache until it is written. */
const BLOCK_BYTES = 2 << 20
const WASM_PAGE_BYTES = 1 << 16

// The compiler's library has it only together with everything else that a browser has.
declare const WebAssembly: { Memory: new (pages: { initial: number }) => { buffer: ArrayBuffer } }

/**
 * Lets a file grow from a given size, in blocks, one of which is written while the next one fills. Where the system
 * allows it they go to the disk itself (O_DIRECT): that takes a third of the processor's time, and leaves nothing for
 * the sync at the end, which otherwise takes as long as the download.
 */
export class BlockWriter {
  #blocks: Uint8Array[] = []
  #filled = 0
  #writing: Promise<void> = Promise.resolve()

  private constructor(
    private readonly file: FileHandle,
    private direct: FileHandle | undefined,
    /** Where the present block will go. */
    private at: number,
  ) {}

  /**
   * @param file for writing too
   * @param from its size now
   * @param to about the size that it will have
   */
  static async open(path: string, file: FileHandle, from: number, to: number): Promise<BlockWriter> {
    const canBeDirect = process.platform === 'linux' && to - from >= 2 * BLOCK_BYTES
    // Some file systems refuse.
    const direct = canBeDirect
      ? await open(path, constants.O_WRONLY | constants.O_DIRECT).catch(() => undefined)
      : undefined
    return new BlockWriter(file, direct, from)
  }

  async append(chunk: Uint8Array): Promise<void> {
    if (this.#blocks.length === 0) this.#blocks = twoBlocks(this.direct !== undefined)
    for (let taken = 0; taken < chunk.length; ) {
      // Blocks lie at multiples of their size; only the first one may be shorter.
      const end = BLOCK_BYTES - (this.at % BLOCK_BYTES)
      const piece = chunk.subarray(taken, taken + end - this.#filled)
      this.#blocks[0]?.set(piece, this.#filled)
      this.#filled += piece.length
      taken += piece.length
      if (this.#filled === end) await this.#flush()
    }
  }

  /** Writes what is left, so that all that was appended is in the file, also when the download has failed. */
  async close(): Promise<void> {
    try {
      await this.#flush()
      await this.#writing
    } finally {
      await this.direct?.close()
    }
  }

  async #flush(): Promise<void> {
    // One after the other: the file has no holes, so what a killed process left is a beginning.
    await this.#writing
    const [block = new Uint8Array(), other = block] = this.#blocks
    this.#writing = this.#write(block.subarray(0, this.#filled), this.at)
    // It is met by the next flush; until then it must not count as unhandled.
    this.#writing.catch(() => {})
    this.#blocks.splice(0, 2, other, block)
    this.at += this.#filled
    this.#filled = 0
  }

  async #write(block: Uint8Array, at: number): Promise<void> {
    let written = 0
    if (this.direct && block.length === BLOCK_BYTES) {
      try {
        written = (await this.direct.write(block, 0, block.length, at)).bytesWritten
      } catch (error) {
        if (diskCode(error) !== 'EINVAL') throw error
        // A disk with larger sectors than ours.
        await this.direct.close()
        this.direct = undefined
      }
    }
    // A nearly full disk takes a part, and says why it takes no more only when asked again.
    while (written < block.length) {
      const rest = await this.file.write(block, written, block.length - written, at + written)
      written += rest.bytesWritten
    }
  }
}

/** What bypasses the page cache must lie at the start of a page of memory, which nothing else in Node.js promises. */
function twoBlocks(isDirect: boolean): Uint8Array[] {
  const memory = isDirect
    ? new WebAssembly.Memory({ initial: (2 * BLOCK_BYTES) / WASM_PAGE_BYTES }).buffer
    : new ArrayBuffer(2 * BLOCK_BYTES)
  return [0, BLOCK_BYTES].map((offset) => new Uint8Array(memory, offset, BLOCK_BYTES))
}
