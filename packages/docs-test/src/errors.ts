/** Something in a document or on the command line that its author can mend; shown without a stack trace. */
export class DocsError extends Error {
  override readonly name = 'DocsError'
}
