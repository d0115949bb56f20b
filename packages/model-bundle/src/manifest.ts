import isSemver from 'semver/functions/valid.js'
import { z } from 'zod'
import { BundleError } from './errors.js'
import { pathProblem } from './paths.js'

/** The schema version that this code writes. A newer minor version may add fields; a newer major may not be read. */
export const SCHEMA_VERSION = '1.0'

/** Model names are lower case so that they fit object keys, image tags and Kubernetes labels. */
export const MODEL_NAME = /^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/

const bundlePath = z.string().superRefine((path, context) => {
  const problem = pathProblem(path)
  if (problem) context.addIssue({ code: 'custom', message: `the path ${JSON.stringify(path)} ${problem}` })
})

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256: 64 lower-case hexadecimal digits')

const file = z.object({
  path: bundlePath,
  bytes: z.int().min(0),
  sha256,
})

/** Scale so that the short side has `shortSide` pixels, then take the centre. The usual ImageNet way. */
const shortSide = z.object({ mode: z.literal('short-side'), shortSide: z.int().min(1).max(8192) })
/** Scale until both sides are covered, then take the centre. */
const cover = z.object({ mode: z.literal('cover') })
/** Scale each side on its own; the picture's proportions change. */
const squash = z.object({ mode: z.literal('squash') })

/** How an image of any size becomes exactly width x height. */
const resize = z.discriminatedUnion('mode', [shortSide, cover, squash])

const perChannel = z.array(z.number()).min(1).max(3)

const input = z.object({
  /** The tensor's name in the ONNX file. */
  name: z.string().min(1),
  dtype: z.enum(['float32', 'uint8']),
  layout: z.enum(['NCHW', 'NHWC']),
  /** Pixels. */
  width: z.int().min(1).max(4096),
  height: z.int().min(1).max(4096),
  channels: z.enum(['rgb', 'bgr', 'gray']),
  resize,
  /** The unit of pixel values before mean and std, and so the unit of mean and std too. */
  scale: z.enum(['0..255', '0..1']).default('0..255'),
  /** value = (pixel - mean) / std, in the tensor's channel order (bgr: blue first). Default: 0 and 1. */
  mean: perChannel.optional(),
  std: perChannel.optional(),
  /** Replace each pixel p by 255 - p first: for models trained on light strokes over black. */
  invert: z.boolean().default(false),
})

const output = z.object({
  /** The tensor's name in the ONNX file. */
  name: z.string().min(1),
  /** `logits` get a softmax; `probabilities` are taken as they are. */
  kind: z.enum(['logits', 'probabilities']),
})

const percent = z.number().min(0).max(100)

const metrics = z.object({
  /** Share of right first answers, in percent. */
  top1: percent,
  /** Share of images whose true label is among the first five, in percent. */
  top5: percent.optional(),
  /** What it was measured on. */
  dataset: z.string().min(1),
  /** How many images it was measured on. */
  samples: z.int().min(1),
  /** Square, in label order: rows are true labels, columns are predictions, cells count images. */
  confusionMatrix: z.array(z.array(z.int().min(0))).optional(),
})

/** A golden case: an image with its true label. */
const sample = z.object({ file: bundlePath, label: z.string().min(1) })

const fields = z.object({
  schemaVersion: z.string().regex(/^\d+\.\d+$/, 'must look like "1.0"'),
  name: z.string().regex(MODEL_NAME, 'must be 1-63 lower-case letters, digits, "." or "-"'),
  version: z.string().refine((version) => isSemver(version) === version.replace(/\+.*$/, ''), {
    message: 'must be a semantic version such as "1.2.0"',
  }),
  task: z.literal('image-classification'),
  description: z.string().optional(),
  files: z.array(file).min(2).max(1000),
  /** Path of the ONNX file. */
  model: bundlePath,
  /** Path of the labels file: one label a line, the line number (from 0) is the class index. */
  labels: bundlePath,
  input,
  output,
  metrics: metrics.optional(),
  samples: z.array(sample).default([]),
  source: z.string().min(1),
  license: z.string().min(1),
  createdAt: z.iso.datetime(),
})

type Fields = z.infer<typeof fields>

/** Rules that span several fields; each message names the field to mend. */
function checkTogether(manifest: Fields, context: z.RefinementCtx<Fields>): void {
  const problem = (path: (string | number)[], message: string) =>
    context.addIssue({ code: 'custom', path, message, input: undefined })

  const seen = new Set<string>()
  manifest.files.forEach(({ path }, index) => {
    // Compared without case: two such files would be one on macOS and Windows.
    if (seen.has(path.toLowerCase())) problem(['files', index], `lists ${path} twice`)
    seen.add(path.toLowerCase())
  })
  const listed = new Set(manifest.files.map(({ path }) => path))
  if (!listed.has(manifest.model)) problem(['model'], `${manifest.model} is not listed in files`)
  if (!listed.has(manifest.labels)) problem(['labels'], `${manifest.labels} is not listed in files`)
  manifest.samples.forEach((sample, index) => {
    if (!listed.has(sample.file)) problem(['samples', index], `${sample.file} is not listed in files`)
  })

  const { channels, mean, std, dtype, resize: mode, width, height, scale } = manifest.input
  const channelCount = channels === 'gray' ? 1 : 3
  for (const [key, values] of Object.entries({ mean, std })) {
    if (values && values.length !== channelCount) {
      problem(['input', key], `needs ${channelCount} value(s), one for each channel; got ${values.length}`)
    }
  }
  if (std?.includes(0)) problem(['input', 'std'], 'must not hold 0: pixel values are divided by it')
  if (dtype === 'uint8' && (mean || std || scale !== '0..255')) {
    problem(
      ['input'],
      'a uint8 input takes pixels as they are: leave out mean and std, and keep scale 0..255',
    )
  }
  if (mode.mode === 'short-side' && mode.shortSide < Math.max(width, height)) {
    problem(
      ['input', 'resize', 'shortSide'],
      `must be at least ${Math.max(width, height)}, the size of the crop`,
    )
  }
}

/** The manifest, for code that knows this schema version: unknown fields are mistakes. */
export const manifestSchema = strictly(fields).superRefine(checkTogether)

/** The same for a manifest of a newer minor version: unknown fields are accepted and left out. */
const newerMinorSchema = fields.superRefine(checkTogether)

/** A validated manifest, the content of `model.json`. */
export type Manifest = z.infer<typeof manifestSchema>

/** The preprocessing part of the manifest. */
export type ModelInput = Manifest['input']

/**
 * Validates the text of a `model.json`.
 * @param where what the text was read from, for messages: a path or a URL
 * @throws BundleError `invalid` (with every problem found) or `unsupported`
 */
export function parseManifest(text: string, where: string): Manifest {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw new BundleError('invalid', `${where} is not JSON: ${(cause as Error).message}`, { cause })
  }
  const version = schemaVersionOf(json)
  if (version && version.major !== 1) {
    throw new BundleError(
      'unsupported',
      `${where} has schemaVersion ${version.text}, but this version of the tools reads ${SCHEMA_VERSION} and newer 1.x. ` +
        'Update the tools, or publish the model again with the ones you have.',
    )
  }
  const result = (version && version.minor > 0 ? newerMinorSchema : manifestSchema).safeParse(json)
  if (result.success) return result.data
  const problems = result.error.issues.map(
    (issue) => `  ${issue.path.join('.') || '(top level)'}: ${issue.message}`,
  )
  throw new BundleError('invalid', `${where} is not a valid model manifest:\n${problems.join('\n')}`)
}

function schemaVersionOf(json: unknown): { text: string; major: number; minor: number } | undefined {
  const text = (json as { schemaVersion?: unknown } | null)?.schemaVersion
  const match = typeof text === 'string' ? /^(\d+)\.(\d+)$/.exec(text) : null
  return match ? { text: match[0], major: Number(match[1]), minor: Number(match[2]) } : undefined
}

/** Makes the schema and every object in it refuse unknown keys. */
function strictly(schema: typeof fields) {
  const strictResize = z.discriminatedUnion('mode', [shortSide.strict(), cover.strict(), squash.strict()])
  return schema
    .extend({
      files: z.array(file.strict()).min(2).max(1000),
      input: input.extend({ resize: strictResize }).strict(),
      output: output.strict(),
      metrics: metrics.strict().optional(),
      samples: z.array(sample.strict()).default([]),
    })
    .strict()
}
