import { z } from 'zod'

const schema = z.object({
  /** Also build images, which takes minutes. */
  TEST_LONG: z.string().optional(),
  PATH: z.string().default(''),
})

const env = schema.parse(process.env)
export const isLong = env.TEST_LONG !== undefined
export const path = env.PATH
/** For scripts that are to see the machine as it is. */
export const processEnv = process.env
