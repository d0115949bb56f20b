/** The `route` of requests that reached none: paths are the callers' invention, and each label value costs memory. */
export const UNMATCHED = 'unmatched'
/** The `status` of requests whose client left before the answer, as nginx has it. */
export const CLIENT_LEFT = 499

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

/** @returns the method, or `_OTHER` (OpenTelemetry's word) for those that no client has a reason to send */
export function knownMethod(method: string): string {
  return METHODS.has(method) ? method : '_OTHER'
}
