import { z } from 'zod'
import { AZURE_AUTHS } from './auth-names.js'

const text = z
  .string()
  .optional()
  .transform((value) => value || undefined)

const schema = z.object({
  /** How to sign in to Azure, where `--auth` does not say. */
  MODEL_STORE_AUTH: text.pipe(z.enum(AZURE_AUTHS).optional()),
  /** Another Azure Blob endpoint than the account's public one, such as a private cloud's. */
  MODEL_STORE_AZURE_ENDPOINT: text,
  /** `true` or `false`: whether the bucket is in the path, as most providers but AWS want it. */
  MODEL_STORE_S3_PATH_STYLE: text.pipe(z.stringbool().optional()),
  /** Who moves `latest`, for the history; default: the pipeline's requester, or user@host. */
  MODEL_STORE_ACTOR: text,
  /** Another provider of S3; the AWS tools' own settings. */
  AWS_ENDPOINT_URL_S3: text,
  /** The same for all services of AWS; the one for S3 comes first. */
  AWS_ENDPOINT_URL: text,
  /** The bucket's region. */
  AWS_REGION: text,
  /** Used only with `--auth connection-string`. */
  AZURE_STORAGE_CONNECTION_STRING: text,
  /** Where Entra is, for clouds other than the public one. */
  AZURE_AUTHORITY_HOST: text,
  /** Set by Azure Pipelines. */
  BUILD_REQUESTEDFOR: text,
  /** Set by Azure Pipelines: the run, for the history. */
  BUILD_BUILDNUMBER: text,
  /** The step's name for its own identity service, which AzurePipelinesCredential asks. */
  SYSTEM_OIDCREQUESTURI: text,
  /** AzureCLI@2 with a federated service connection. */
  AZURESUBSCRIPTION_CLIENT_ID: text,
  /** Set by AzureCLI@2: the connection's tenant. */
  AZURESUBSCRIPTION_TENANT_ID: text,
  /** Set by AzureCLI@2: the connection itself. */
  AZURESUBSCRIPTION_SERVICE_CONNECTION_ID: text,
  /** The pipeline's own token; a step gets it only through its `env:`. */
  SYSTEM_ACCESSTOKEN: text,
  /** A pod with workload identity. */
  AZURE_CLIENT_ID: text,
  /** Set by workload identity: the pod's tenant. */
  AZURE_TENANT_ID: text,
  /** Set by workload identity: the file with the pod's token. */
  AZURE_FEDERATED_TOKEN_FILE: text,
})

export const env = schema.parse(process.env)

/**
 * The AWS SDK's release is fixed by the lockfile, so what it says of Node.js versions it will need one day helps nobody,
 * and would stand between the JSON that the command line prints on stderr.
 */
export function silenceAwsSdk(): void {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true'
}
