import { sampleBundles } from '@repo/sample-model'
import { breakThings } from './broken.js'
import { build } from './build.js'
import { disturb } from './disturb.js'
import { canaryAndPromote, deployFirst, rollBack } from './release.js'
import { uninstall, variants } from './variants.js'
import { outputs, type World } from './world.js'

/** From the first model to production and back, in the order of a release's life. */
export async function story(world: World): Promise<void> {
  const [simple = '', better = ''] = sampleBundles
  const first = await build(world, simple, '1.0.0')
  await deployFirst(world, first)
  const { revision = '' } = await outputs(world, first.out)

  // From here on, load is running, and no request may fail.
  const next = await build(world, better, '2.0.0', first)
  await canaryAndPromote(world, next)
  await breakThings(world, next)
  await disturb(world)
  await rollBack(world, first, revision)
  await variants(world, first, next)

  await world.report.load?.stop()
  await uninstall(world)
}
