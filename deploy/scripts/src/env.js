/** The environment of these scripts: they run unbuilt, so this is JavaScript. */
import { homedir } from 'node:os'

// biome-ignore lint/style/noProcessEnv: the one place
const env = process.env

/** Whether the registry is spoken to without TLS. */
export const plainHttp = env.REGISTRY_PLAIN_HTTP === 'true'

/** Where podman and docker keep what `login` was told, in the order in which podman looks. */
export const authFiles = [
  env.REGISTRY_AUTH_FILE,
  env.XDG_RUNTIME_DIR && `${env.XDG_RUNTIME_DIR}/containers/auth.json`,
  `${env.XDG_CONFIG_HOME || `${homedir()}/.config`}/containers/auth.json`,
  `${env.DOCKER_CONFIG || `${homedir()}/.docker`}/config.json`,
].filter((file) => file !== undefined)

/** How image-test.sh has to run containers. */
export const imageTest = {
  image: env.IMAGE ?? '',
  modelFolder: env.MODEL_DIR ?? '',
  /** The engine and its options before and after `run`. */
  engine: env.ENGINE ?? 'docker',
  globalFlags: words(env.PODMAN_GLOBAL_FLAGS),
  runFlags: words(env.PODMAN_RUN_FLAGS),
}

/** @param {string | undefined} list */
function words(list) {
  return (list ?? '').split(' ').filter((word) => word !== '')
}
