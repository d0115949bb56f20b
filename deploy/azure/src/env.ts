import { z } from 'zod'

const schema = z.object({
  /** A folder with a Debian that has azure-cli; without it the real parser isn't asked. See parser/setup.sh. */
  AZ_PARSER_ROOT: z.string().min(1).optional(),
  /** The scripts find their programs in it. */
  PATH: z.string(),
  /** Where `az` keeps its login. */
  HOME: z.string().optional(),
  /** Where temporary folders are made. */
  TMPDIR: z.string().optional(),
})

export const env = schema.parse(process.env)

/** What a command run against the double inherits. */
export const inherited: NodeJS.ProcessEnv = process.env
