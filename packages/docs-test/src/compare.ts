/**
 * What may differ from run to run, and what it is replaced by before shown and real output are compared. The order
 * counts: a time of day holds numbers too.
 */
const VARYING: [RegExp, string][] = [
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours and cursor movements begin with one
  [/\u001b\[[0-9;?]*[A-Za-z]|\r/g, ''],
  [/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z| UTC)?/g, 'TIME'],
  // A pod's name ends in its replica set's and its own.
  [/-[a-z0-9]{8,10}-[a-z0-9]{5}\b/g, '-POD'],
  [/\b(?=[0-9a-f]*\d)[0-9a-f]{7,64}\b/g, 'HASH'],
  [/\b(\d{1,3}(?:\.\d{1,3}){3}|localhost):\d+/g, 'HOST:PORT'],
  [/\bport \d+/g, 'port PORT'],
  [/\b\d+(\.\d+)? ?(ms|s|seconds?|minutes?)\b/g, 'DURATION'],
  [/\b\d+(\.\d+)? ?([kKMG]i?B|bytes|B)\b/g, 'SIZE'],
  [/[ \t]+/g, ' '],
]

function normalise(text: string): string {
  return VARYING.reduce((result, [pattern, token]) => result.replace(pattern, token), text)
}

/**
 * Looks for the shown lines in the real output: each one, in their order. Other lines may stand between them, since
 * documents show what matters. In a shown line `<name>` stands for anything, and so does `...`.
 * @returns the first shown line that is not there, or undefined
 */
export function firstMissing(shown: string, real: string): string | undefined {
  const lines = normalise(real)
    .split('\n')
    .map((line) => line.trim())
  let from = 0
  for (const line of shown.split('\n')) {
    if (line.trim() === '' || line.trim() === '...') continue
    const pattern = patternOf(line)
    const at = lines.findIndex((candidate, index) => index >= from && pattern.test(candidate))
    if (at < 0) return line
    from = at + 1
  }
  return undefined
}

function patternOf(line: string): RegExp {
  const literal = normalise(line.replace(/<[^<>]+>|\.\.\./g, '\u0000')).trim()
  const escaped = literal.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
  return new RegExp(`^${escaped.replaceAll('\u0000', '.*')}$`)
}
