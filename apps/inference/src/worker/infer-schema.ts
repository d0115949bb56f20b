import { z } from 'zod'

/** Ranks of tensors end far below it. */
const MAX_RANK = 8
const MAX_OUTPUTS = 64

/** A list whose length is looked at first: zod itself would go through a million elements, and keep an issue for each. */
function listOf<T extends z.ZodType>(element: T, max: number, min = 0) {
  return z.preprocess((value, context) => {
    if (!Array.isArray(value) || value.length <= max) return value
    context.addIssue({ code: 'custom', message: `must have at most ${max} elements; got ${value.length}` })
    return z.NEVER
  }, z.array(element).min(min).max(max))
}

/** Clients send null for what they leave out. */
const flag = z.boolean().nullish()

/**
 * The body of POST /v2/models/{model}/infer. Members that are not listed here are ignored, as the protocol wants, and are
 * not even looked at. `binary_...` belong to the extension of infer-binary.ts.
 */
export const inferRequestSchema = z.object({
  id: z.string().nullish(),
  parameters: z.object({ binary_data_output: flag }).nullish(),
  inputs: listOf(
    z.object({
      name: z.string(),
      shape: listOf(z.int().min(1), MAX_RANK, 1),
      datatype: z.string(),
      parameters: z.object({ binary_data_size: z.int().min(0).nullish() }).nullish(),
      // Not validated value by value here: there may be a million of them.
      data: z
        .custom<unknown[]>(Array.isArray, 'must be a list, flat or nested, in row-major order')
        .meta({ type: 'array', description: 'Flat or nested, in row-major order.' })
        .nullish(),
    }),
    1,
    1,
  ),
  outputs: listOf(
    z.object({ name: z.string(), parameters: z.object({ binary_data: flag }).nullish() }),
    MAX_OUTPUTS,
  ).nullish(),
})

export type InferBody = z.infer<typeof inferRequestSchema>
export type InputTensor = InferBody['inputs'][number]
