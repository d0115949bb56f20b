/**
 * Says under which digest the registry has an image that was just pushed, and attaches the list of its parts:
 *   node attach-sbom.js <registry> <repository> <tag> <the image's id> <CycloneDX file>
 */
import { readFileSync } from 'node:fs'
import { attach } from './attach.js'
import { findCredentials } from './credentials.js'
import { authFiles, plainHttp } from './env.js'
import { Repository } from './registry.js'

const [registry = '', name = '', tag = '', id = '', sbom = ''] = process.argv.slice(2)
try {
  const repository = new Repository(registry, name, {
    plainHttp,
    credentials: findCredentials(registry, authFiles),
  })
  const image = await repository.manifest(tag)
  if (image === undefined) throw new Error(`${registry}/${name} has no ${tag}, though it was pushed`)
  // An image's id is its config's digest, or with docker's newer store its manifest's.
  const { config } = JSON.parse(image.body.toString())
  if (![config?.digest, image.digest].includes(id)) {
    throw new Error(
      `${registry}/${name}:${tag} is not the image ${id}: somebody else has pushed to the same tag`,
    )
  }
  const how = await attach(repository, image, 'application/vnd.cyclonedx+json', readFileSync(sbom))
  process.stderr.write(`attached the list of parts to ${image.digest} (${how})\n`)
  process.stdout.write(`${image.digest}\n`)
} catch (error) {
  const { message, cause } = /** @type {Error} */ (error)
  process.stderr.write(`error: ${message}${cause instanceof Error ? `: ${cause.message}` : ''}\n`)
  process.exitCode = 1
}
