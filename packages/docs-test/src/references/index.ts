import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openCheckout } from './checkout.js'
import { takeInventory } from './inventory.js'
import { checkLinks } from './links.js'
import { checkNames } from './names.js'
import { PAGE, referencePage } from './page.js'

/**
 * What the docs of a checkout get wrong, one line each. The checkout has to be built: commands are asked for their help.
 * @param options.write renews the reference page first
 */
export function checkReferences(root: string, { write = false } = {}): string[] {
  let checkout = openCheckout(root)
  const inventory = takeInventory(checkout)
  const page = referencePage(checkout, inventory)
  if (write) {
    writeFileSync(join(root, PAGE), page)
    checkout = openCheckout(root)
  }
  const isOld = checkout.files.has(PAGE) && checkout.read(PAGE) !== page
  return [
    ...(isOld ? [`${PAGE} is out of date: npm run docs:test -- --write`] : []),
    ...checkLinks(checkout),
    ...checkNames(checkout, inventory),
  ]
}
