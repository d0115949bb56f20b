/**
 * Adds the model, and the commit's time, to the list of an image's parts (CycloneDX) that npm has made:
 *   node sbom.js <npm's list> <model.json> <ISO time>
 */
import { readFileSync } from 'node:fs'

const [list = '', manifest = '', created = ''] = process.argv.slice(2)
const sbom = JSON.parse(readFileSync(list, 'utf8'))
const model = JSON.parse(readFileSync(manifest, 'utf8'))

if (created !== '') sbom.metadata.timestamp = created
const reference = `model/${model.name}@${model.version}`
const { sha256 } = model.files.find((/** @type {{ path: string }} */ { path }) => path === model.model)
sbom.components.push({
  'bom-ref': reference,
  type: 'machine-learning-model',
  name: model.name,
  version: model.version,
  description: model.description,
  hashes: [{ alg: 'SHA-256', content: sha256 }],
  licenses: [{ license: { name: model.license } }],
})
sbom.dependencies.push({ ref: reference, dependsOn: [] })
process.stdout.write(`${JSON.stringify(sbom, null, 2)}\n`)
