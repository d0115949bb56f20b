import { z } from 'zod'

const schema = z.object({
  /** A folder with models/ and photos/; tests that need real ones are skipped without it. */
  TEST_ASSETS_DIR: z.string().min(1).optional(),
})

export const env = schema.parse(process.env)
