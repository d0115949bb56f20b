import type { Classifier } from '@repo/classifier/engine'
import { eachImage } from './content.js'
import type { WorkerHandler } from './handlers.js'

export type PreviewKind = 'preview'

/** Answers POST /preview with a PNG in base64, since answers cross threads as texts. */
export function previewHandlers(classifier: Classifier): Record<PreviewKind, WorkerHandler> {
  return {
    async preview(body) {
      const [png = Buffer.alloc(0)] = await eachImage([body], (image) => classifier.preview(image))
      return png.toString('base64')
    },
  }
}
