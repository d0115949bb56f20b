import { verifyBundle } from '@repo/model-bundle'
import { Command } from 'commander'
import type { Context } from '../context.js'
import { formatBytes } from '../format.js'

export function verifyCommand(context: Context): Command {
  return new Command('verify')
    .description("check a bundle's manifest and every file's size and SHA-256")
    .argument('<folder>', 'the bundle')
    .action(async (folder: string) => {
      const { manifest, manifestSha256 } = await verifyBundle(folder)
      const { name, version, files } = manifest
      const bytes = files.reduce((total, file) => total + file.bytes, 0)
      context.answer(
        { name, version, manifestSha256, files: files.length, bytes },
        `${folder} holds ${name} ${version}, intact: ${files.length} files, ${formatBytes(bytes)}.`,
      )
    })
}
