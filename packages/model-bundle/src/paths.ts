const SEGMENT = /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/
const MAX_PATH_CHARACTERS = 200

/** The manifest's file name in every bundle, in a folder and in a store alike. */
export const MANIFEST_FILE = 'model.json'

/**
 * Says why `path` cannot name a file inside a bundle, or undefined when it can.
 * Allowed are relative paths of plain segments joined by `/`; so no `..`, no absolute path, no drive letter,
 * no back slash and no hidden file can ever reach a file system call.
 */
export function pathProblem(path: string): string | undefined {
  if (path.length > MAX_PATH_CHARACTERS) return `is longer than ${MAX_PATH_CHARACTERS} characters`
  if (path.startsWith('/') || /^[A-Za-z]:/.test(path)) return 'is absolute; it must be relative to the bundle'
  if (path.includes('\\')) return 'contains a back slash; use / between folders'
  if (path.split('/').includes('..')) return 'leads out of the bundle'
  if (!path.split('/').every((segment) => SEGMENT.test(segment))) {
    return 'may only hold letters, digits, ".", "_", "-" and "/", and no part may be empty or start with "."'
  }
  if (path.toLowerCase() === MANIFEST_FILE) return 'is the manifest itself, which must not list itself'
  return undefined
}
