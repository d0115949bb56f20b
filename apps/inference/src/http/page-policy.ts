/**
 * The Content-Security-Policy of our pages: nothing from elsewhere, nothing inline.
 * @param images a further source of images, such as `data:`
 */
export function pagePolicy(images: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    `img-src 'self' ${images}`,
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}
