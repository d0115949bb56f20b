import { openCheckout } from './checkout.js'
import { takeInventory } from './inventory.js'
import { checkLinks } from './links.js'
import { checkNames } from './names.js'

/** What the docs of a checkout get wrong, one line each. The checkout has to be built: commands are asked for their help. */
export function checkReferences(root: string): string[] {
  const checkout = openCheckout(root)
  return [...checkLinks(checkout), ...checkNames(checkout, takeInventory(checkout))]
}
