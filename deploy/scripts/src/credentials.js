/** What `docker login`, `podman login` and `az acr login` have left for a registry. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'

/**
 * @typedef {{ user: string, password: string } | { identityToken: string }} Credentials a password, or a token to be
 * exchanged for others
 */

/**
 * @param {string} registry host[:port]
 * @param {string[]} files in the order in which they count
 * @returns {Credentials | undefined} undefined when nobody has signed in
 * @throws Error when a credential helper fails
 */
export function findCredentials(registry, files) {
  for (const file of files.filter(existsSync)) {
    const { auths = {}, credHelpers = {}, credsStore } = JSON.parse(readFileSync(file, 'utf8'))
    const { auth, identitytoken } = auths[registry] ?? {}
    if (identitytoken) return { identityToken: identitytoken }
    if (auth) {
      const [user = '', ...password] = Buffer.from(auth, 'base64').toString().split(':')
      return { user, password: password.join(':') }
    }
    const helper = credHelpers[registry] ?? (registry in auths ? credsStore : undefined)
    if (helper) return askHelper(`docker-credential-${helper}`, registry)
  }
  return undefined
}

/**
 * @param {string} helper
 * @param {string} registry
 * @returns {Credentials}
 */
function askHelper(helper, registry) {
  const { status, stdout, error } = spawnSync(helper, ['get'], { input: registry, encoding: 'utf8' })
  // Its output may hold a secret, so it is not shown.
  if (status !== 0) {
    throw new Error(`${helper} knows no credentials for ${registry}${error ? ` (${error.message})` : ''}`)
  }
  const { Username, Secret } = JSON.parse(stdout)
  return Username === '<token>' ? { identityToken: Secret } : { user: Username, password: Secret }
}
