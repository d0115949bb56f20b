/** Optional chunks that may change what the pixels look like: transparency, colours, orientation. */
const READ_CHUNKS = ['tRNS', 'iCCP', 'sRGB', 'gAMA', 'cHRM', 'cICP', 'sBIT', 'eXIf']
/** Some that do not, but are small, and so usual that most files would be copied to leave them out. */
const USUAL_CHUNKS = ['pHYs', 'bKGD', 'tIME']
const WANTED = [...READ_CHUNKS, ...USUAL_CHUNKS].map(chunkType)
const IEND = chunkType('IEND')

/**
 * Leaves out what the pixels do not need: texts and whatever else is optional, and the second and further of a kind. The
 * decoder would inflate and keep each text, up to 50 MB from 50 kB, and files may have any number of them.
 * @returns a copy, or the same bytes when there is nothing to leave out; broken files stay as broken as they are
 */
export function neededChunks(png: Uint8Array): Uint8Array {
  const view = new DataView(png.buffer, png.byteOffset, png.length)
  const wanted = new Set(WANTED)
  const parts: Uint8Array[] = []
  let from = 0
  for (let at = 8; at + 12 <= png.length; ) {
    const type = view.getUint32(at + 4)
    if (type === IEND) break
    // Length, type and checksum are 4 bytes each (https://www.w3.org/TR/png-3/#5Chunk-layout).
    const end = at + 12 + view.getUint32(at)
    if (isOptional(type) && !wanted.delete(type)) {
      if (at > from) parts.push(png.subarray(from, at))
      from = end
    }
    at = end
  }
  if (from === 0) return png
  parts.push(png.subarray(from))
  return Buffer.concat(parts)
}

/** The four letters as one number: files may have a million chunks, and texts would take long to make. */
function chunkType(letters: string): number {
  return Buffer.from(letters).readUInt32BE()
}

/** The first letter is small. */
function isOptional(type: number): boolean {
  return (type & 0x20_00_00_00) !== 0
}
