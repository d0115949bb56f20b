import { IMAGE_FORMATS } from '@repo/classifier'
import type { Request } from 'express'

const IMAGE_TYPES = new Set([...IMAGE_FORMATS.map((format) => `image/${format}`), 'image/jpg', 'image/*'])

/** The body's type in lower case, without parameters; empty when the client named none. */
export function mediaType(req: Request): string {
  return (req.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
}

/** Whether a body of this type is an image that can be read, or may be one. */
export function isImageType(type: string): boolean {
  return IMAGE_TYPES.has(type)
}
