import { z } from 'zod'

const schema = z.object({
  /** Microsoft's JSON schema of Azure Pipelines YAML; without it the schema is not checked. */
  AZURE_PIPELINES_SCHEMA: z
    .string()
    .optional()
    .transform((value) => value || undefined),
})

export const env = schema.parse(process.env)
