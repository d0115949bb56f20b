/** Something the user can mend: shown as one line, without a stack trace. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError'
}
