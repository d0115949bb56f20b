import { z } from 'zod'

const text = z
  .string()
  .optional()
  .transform((value) => value || undefined)

/** What says how to sign in to Azure; set by Azure Pipelines and by AKS, never by hand. */
const schema = z.object({
  /** AzureCLI@2 with a federated service connection. */
  AZURESUBSCRIPTION_CLIENT_ID: text,
  AZURESUBSCRIPTION_TENANT_ID: text,
  AZURESUBSCRIPTION_SERVICE_CONNECTION_ID: text,
  /** The pipeline's own token; a step gets it only through its `env:`. */
  SYSTEM_ACCESSTOKEN: text,
  /** A pod with workload identity. */
  AZURE_FEDERATED_TOKEN_FILE: text,
})

export const env = schema.parse(process.env)
