import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sha256 } from '@repo/model-bundle'
import { z } from 'zod'
import { bytesContent } from './content.js'
import { onDisk, writeDurably } from './disk.js'
import { StoreError } from './errors.js'
import { parseJson } from './json.js'
import { fileKey } from './layout.js'
import type { ModelStore } from './store.js'

/** What is signed: a manifest's hash stands for every byte of the model, name and version for its place. */
export interface Signed {
  name: string
  version: string
  manifestSha256: string
}

/** One file for each key beside the manifest, in the store and in a model folder. */
const signatureFile = (id: string, { manifestSha256 }: Signed) => `signatures/${id}-${manifestSha256}.json`

const schema = z.object({ keyId: z.string(), signature: z.base64() })

/** The purpose comes first, so that a signature made for something else never fits. */
const message = ({ name, version, manifestSha256 }: Signed) =>
  Buffer.from(`model signature, version 1\n${name}\n${version}\n${manifestSha256}\n`)

/** The first 16 hexadecimal digits of the public key's SHA-256. */
export function keyId(key: KeyObject): string {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key
  return sha256(publicKey.export({ type: 'spki', format: 'der' })).slice(0, 16)
}

/**
 * Makes a pair of Ed25519 keys: `model-signing.key`, which only its owner can read, and `model-signing.pub`.
 * @throws StoreError `disk` when one is there already
 */
export async function generateKeys(folder: string) {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const secret = join(folder, 'model-signing.key')
  const shared = join(folder, 'model-signing.pub')
  await onDisk(`Writing keys to ${folder}`, async () => {
    await writeDurably(secret, privateKey.export({ type: 'pkcs8', format: 'pem' }), 0o600)
    await writeDurably(shared, publicKey.export({ type: 'spki', format: 'pem' }))
  })
  return { keyId: keyId(publicKey), privateKey: secret, publicKey: shared }
}

/** @throws StoreError `usage` when the file holds no Ed25519 key of that kind */
export async function readKey(path: string, kind: 'private' | 'public'): Promise<KeyObject> {
  const fail = (why: string, cause?: unknown) =>
    new StoreError(
      'usage',
      `${path} is not a ${kind} Ed25519 key (PEM): ${why}. \`model keygen\` makes a pair.`,
      {
        cause,
      },
    )
  let key: KeyObject
  try {
    const pem = await readFile(path)
    if (kind === 'public' && pem.includes('PRIVATE KEY')) throw new Error('it holds the private key')
    key = kind === 'private' ? createPrivateKey(pem) : createPublicKey(pem)
  } catch (cause) {
    throw fail((cause as Error).message, cause)
  }
  if (key.asymmetricKeyType !== 'ed25519') throw fail(`it is of the kind ${key.asymmetricKeyType}`)
  return key
}

/** Puts this key's signature beside the manifest; doing it twice is harmless. */
export async function writeSignature(
  store: ModelStore,
  key: KeyObject,
  signed: Signed,
  signal?: AbortSignal,
): Promise<void> {
  const id = keyId(key)
  const signature = sign(null, message(signed), key).toString('base64')
  const at = fileKey(signed.name, signed.version, signatureFile(id, signed))
  const content = bytesContent(Buffer.from(`${JSON.stringify({ keyId: id, signature })}\n`))
  await store.write(at, content, { ifNoneMatch: '*' }, signal)
}

/** Reads one of a version's signature files; undefined when it is not there. */
export type ReadSignature = (path: string) => Promise<Buffer | undefined>

/** The store's copies. */
export const fromStore =
  (store: ModelStore, { name, version }: Signed, signal?: AbortSignal): ReadSignature =>
  async (path) =>
    (await store.read(fileKey(name, version, path), signal))?.data

/** A model folder's copies. */
export const fromFolder =
  (folder: string): ReadSignature =>
  (path) =>
    readFile(join(folder, path)).catch(() => undefined)

/**
 * Finds a signature by one of the trusted keys.
 * @returns where it lies, its bytes and its key's id
 * @throws StoreError `integrity` when there is none
 */
export async function checkSignature(
  read: ReadSignature,
  trusted: readonly KeyObject[],
  signed: Signed,
): Promise<{ path: string; data: Buffer; keyId: string }> {
  const wrong: string[] = []
  for (const key of trusted) {
    const id = keyId(key)
    const path = signatureFile(id, signed)
    const data = await read(path)
    if (data && isGood(data, key, signed)) return { path, data, keyId: id }
    if (data) wrong.push(id)
  }
  const ids = trusted.map(keyId).join(', ')
  const why =
    wrong.length > 0
      ? `its signature by ${wrong.join(', ')} is wrong: somebody tampered with the store`
      : `it has no signature by a trusted key (${ids})`
  throw new StoreError(
    'integrity',
    `${signed.name} ${signed.version} is refused: ${why}. Publish it with --sign-key, or trust the key that signed it.`,
  )
}

function isGood(data: Buffer, key: KeyObject, signed: Signed): boolean {
  const found = schema.safeParse(parseJson(data.toString())).data
  return found !== undefined && verify(null, message(signed), key, Buffer.from(found.signature, 'base64'))
}
