import { fileURLToPath } from 'node:url'

/** The sample model's name in a store. */
export const sampleModelName = 'fashion-mnist'

/** The committed bundles, oldest version first: a simple one, and the better one that took its place. */
export const sampleBundles: readonly string[] = ['1.0.0', '2.0.0'].map((version) =>
  fileURLToPath(new URL(`../bundles/${sampleModelName}/${version}`, import.meta.url)),
)
