import { verifyBundle } from '@repo/model-bundle'
import { checkSignature, fromFolder, readKey } from '@repo/model-loader'
import { Command } from 'commander'
import { checkModel, type Quality } from '../check-model.js'
import { type Context, collect } from '../context.js'
import { formatBytes } from '../format.js'

interface VerifyOptions {
  trust: string[]
  minAccuracy?: string
  hashesOnly?: boolean
}

export function verifyCommand(context: Context): Command {
  return new Command('verify')
    .description(
      "check a bundle: every file's hash, that the model loads and fits, and its labels for the samples",
    )
    .argument('<folder>', 'the bundle')
    .option('--trust <file>', 'it must be signed by this public key; may be repeated', collect, [])
    .option('--min-accuracy <share>', 'how many of the samples must get their label; default: 1, all of them')
    .option('--hashes-only', 'do not load the model')
    .action(async (folder: string, options: VerifyOptions) => {
      const { manifest, manifestSha256 } = await verifyBundle(folder)
      const { name, version, files } = manifest
      const keys = await Promise.all(options.trust.map((path) => readKey(path, 'public')))
      const signed = { name, version, manifestSha256 }
      const signature = keys.length > 0 ? await checkSignature(fromFolder(folder), keys, signed) : undefined
      const quality = options.hashesOnly ? undefined : await checkModel(folder, options.minAccuracy)
      const bytes = files.reduce((total, file) => total + file.bytes, 0)
      context.answer(
        {
          ...signed,
          files: files.length,
          bytes,
          ...(signature ? { signedBy: signature.keyId } : {}),
          ...quality,
        },
        [
          `${folder} holds ${name} ${version}, intact: ${files.length} files, ${formatBytes(bytes)}.`,
          ...(signature ? [`It is signed by ${signature.keyId}.`] : []),
          ...(quality ? [told(quality)] : []),
        ].join(' '),
      )
    })
}

function told({ samples, accuracy }: Quality): string {
  if (accuracy === null) return 'Its model loads and fits; it has no samples.'
  return `Its model loads and fits; ${Math.round(accuracy * samples)} of ${samples} samples get their label.`
}
