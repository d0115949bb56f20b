import { digestOf } from './registry.js'

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
const INDEX = 'application/vnd.oci.image.index.v1+json'

/**
 * Attaches a file to an image as an OCI 1.1 referrer. Where the registry does not keep count of referrers, they are
 * listed under the tag that the specification names for that: sha256-<the image's digest>.
 * @param {import('./registry.js').Repository} repository
 * @param {{ type: string, digest: string, body: Buffer }} image
 * @param {string} type the file's media type
 * @param {Buffer} file
 * @returns {Promise<'referrers API' | 'fallback tag'>} how it can be found
 */
export async function attach(repository, image, type, file) {
  const empty = Buffer.from('{}')
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: MANIFEST,
    artifactType: type,
    config: {
      mediaType: 'application/vnd.oci.empty.v1+json',
      digest: await repository.putBlob(empty),
      size: empty.length,
    },
    layers: [{ mediaType: type, digest: await repository.putBlob(file), size: file.length }],
    subject: { mediaType: image.type, digest: image.digest, size: image.body.length },
  })
  const digest = digestOf(manifest)
  const headers = await repository.putManifest(digest, MANIFEST, manifest)
  // Only a registry that has understood the subject says so.
  if (headers.get('oci-subject') === image.digest) return 'referrers API'

  const tag = image.digest.replace(':', '-')
  const known = await repository.manifest(tag)
  /** @type {{ digest: string }[]} */
  const others = known === undefined ? [] : JSON.parse(known.body.toString()).manifests
  const entry = { mediaType: MANIFEST, digest, size: Buffer.byteLength(manifest), artifactType: type }
  const manifests = [...others.filter((other) => other.digest !== digest), entry]
  await repository.putManifest(tag, INDEX, JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests }))
  return 'fallback tag'
}
