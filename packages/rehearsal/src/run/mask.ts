const MIN_LENGTH = 3

/** Secrets that no log may show. */
export class Mask {
  readonly #secrets = new Set<string>()

  add(secret: string): void {
    const lines = secret.split('\n').map((line) => line.trim())
    for (const line of lines) if (line.length >= MIN_LENGTH) this.#secrets.add(line)
  }

  apply(text: string): string {
    // The longest first: one secret may be part of another.
    const secrets = [...this.#secrets].sort((a, b) => b.length - a.length)
    return secrets.reduce((masked, secret) => masked.replaceAll(secret, '***'), text)
  }
}
