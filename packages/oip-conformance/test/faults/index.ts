import { answerFields } from './answers.js'
import { images, inference } from './inference.js'
import type { Fault } from './kit.js'
import { lenience } from './lenience.js'
import { health, metadata } from './metadata.js'
import { errorBodies, paths } from './refusals.js'

export const faults: Fault[] = [
  ...health,
  ...metadata,
  ...inference,
  ...answerFields,
  ...images,
  ...paths,
  ...errorBodies,
  ...lenience,
]
