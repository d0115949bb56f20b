import { generateKeys } from '@repo/model-loader'
import { Command } from 'commander'
import type { Context } from '../context.js'

export function keygenCommand(context: Context): Command {
  return new Command('keygen')
    .description('make a pair of keys (Ed25519): one to sign models with, one for those who pull them')
    .requiredOption('--out <folder>', 'where to; nothing there is overwritten')
    .action(async ({ out }: { out: string }) => {
      const keys = await generateKeys(out)
      context.answer(
        keys,
        `${keys.privateKey} signs: keep it secret, best in your pipeline's secret store. ${keys.publicKey} is for ` +
          `everybody who pulls. The key's id is ${keys.keyId}.`,
      )
    })
}
