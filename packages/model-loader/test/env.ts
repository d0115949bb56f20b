import { z } from 'zod'

const schema = z.object({
  /** Set by `npm run test:long`: the tests that take long run in full size. */
  TEST_LONG: z.string().optional(),
})

export const isLong = schema.parse(process.env).TEST_LONG !== undefined

/** For what a library reads from the environment by itself. */
export function setEnvironment(values: Record<string, string>): void {
  Object.assign(process.env, values)
}
