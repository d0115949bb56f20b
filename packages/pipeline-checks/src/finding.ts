/** A mistake: where it stands, what it is and how to mend it. */
export interface Finding {
  /** The rule that found it. */
  rule: string
  /** From the repository's top folder. */
  file: string
  /** From 1. */
  line: number
  message: string
}

/** Something that could not be looked at, and why. */
export interface Skipped {
  check: string
  why: string
}

/** One line for each, each once: a template that is used twice would tell everything twice. */
export function report(findings: Finding[]): string[] {
  return [
    ...new Set(findings.map(({ file, line, rule, message }) => `${file}:${line}: [${rule}] ${message}`)),
  ].sort()
}
