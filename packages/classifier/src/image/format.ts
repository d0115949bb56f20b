/** The image formats that are read here. Everything else is refused before a decoder sees it. */
export const IMAGE_FORMATS = ['jpeg', 'png', 'webp', 'gif', 'avif', 'tiff'] as const
export type ImageFormat = (typeof IMAGE_FORMATS)[number]

/** Recognises a format by its first bytes; what the sender calls the file does not count. */
export function imageFormat(bytes: Uint8Array): ImageFormat | undefined {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 64)).toString('latin1')
  if (head.startsWith('\xff\xd8\xff')) return 'jpeg'
  if (head.startsWith('\x89PNG\r\n\x1a\n')) return 'png'
  if (head.startsWith('RIFF') && head.startsWith('WEBP', 8)) return 'webp'
  if (head.startsWith('GIF87a') || head.startsWith('GIF89a')) return 'gif'
  // An ISO media file; the brands that follow `ftyp` say of which kind. HEIC has the same box and is not read here.
  if (head.startsWith('ftyp', 4) && /avi[fs]/.test(head.slice(8))) return 'avif'
  if (/^(II[*+]\0|MM\0[*+])/.test(head)) return 'tiff'
  return undefined
}
