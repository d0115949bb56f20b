import { z } from 'zod'

const schema = z.object({
  /** Set by `npm run test:long`: the tests that take long run in full size. */
  TEST_LONG: z.string().optional(),
  /** Chromium or Chrome, for the tests of the demo page. */
  CHROMIUM_PATH: z.string().min(1).default('/usr/bin/chromium'),
  /** Where those tests put their screenshots. */
  SCREENSHOTS_DIR: z.string().min(1).default('reports/screenshots'),
})

const env = schema.parse(process.env)

export const isLong = env.TEST_LONG !== undefined
export const chromiumPath = env.CHROMIUM_PATH
export const screenshotsFolder = env.SCREENSHOTS_DIR
