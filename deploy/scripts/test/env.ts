import { z } from 'zod'

const schema = z.object({
  PATH: z.string().default(''),
})

const env = schema.parse(process.env)
export const path = env.PATH
/** For scripts that are to see the machine as it is. */
export const processEnv = process.env
