import { BundleError } from './errors.js'

/**
 * Parses a labels file: one label a line, index = line number. A byte order mark, CRLF and a final newline are fine.
 * @throws BundleError `invalid` when it is empty or a line is blank, since every later index would then be off
 */
export function parseLabels(text: string, where: string): string[] {
  const lines = text
    .replace(/^\uFEFF/, '')
    .replace(/\r?\n$/, '')
    .split(/\r?\n/)
    .map((line) => line.trim())
  const blank = lines.indexOf('')
  if (blank !== -1) {
    throw new BundleError(
      'invalid',
      `${where}: line ${blank + 1} is blank. Each line is one label, in the order of the model's outputs.`,
    )
  }
  return lines
}
