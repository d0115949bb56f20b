const BAR_CELLS = 24

/** Bytes for people: decimal units, as download pages give them. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  let value = bytes
  let unit = ''
  for (unit of ['kB', 'MB', 'GB', 'TB']) {
    value /= 1000
    if (value < 999.5) break
  }
  return `${value.toFixed(value < 9.95 ? 1 : 0)} ${unit}`
}

/** @param share 0 to 1 */
export function progressBar(share: number): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * BAR_CELLS)
  return `${'█'.repeat(full)}${'░'.repeat(BAR_CELLS - full)} ${String(Math.floor(share * 100)).padStart(3)} %`
}

/** A command that posts an image, fit for pasting into any POSIX shell in any folder. */
export function curlCommand(url: string, file: string): string {
  // curl itself gives "," and ";" in -F a meaning unless the name is quoted for it too.
  const name = /[",;\\]/.test(file) ? `"${file.replace(/["\\]/g, '\\$&')}"` : file
  return `curl -F ${shellQuote(`image=@${name}`)} ${url}/score`
}

/** Quotes a word for a POSIX shell, only when it needs it. */
export function shellQuote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
