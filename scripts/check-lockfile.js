/**
 * Checks that package-lock.json holds the optional platform packages of every dependency for Linux, macOS and Windows.
 * npm leaves out silently what it could not find, and `npm ci` then fails on somebody else's machine.
 */
import { readFileSync } from 'node:fs'

const lockfile = new URL('../package-lock.json', import.meta.url)
const { packages } = JSON.parse(readFileSync(lockfile, 'utf8'))
const locked = new Set(Object.keys(packages).map((path) => path.replace(/^.*node_modules\//, '')))

const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
  Object.keys(optionalDependencies)
    .filter((name) => /linux|darwin|win32|windows/.test(name) && !locked.has(name))
    .map((name) => `  ${name}, wanted by ${path || 'the root'}`),
)
if (missing.length > 0) {
  console.error(`package-lock.json lacks platform packages:\n${missing.join('\n')}`)
  console.error('Pin the dependency to a version whose platform packages all exist, then run npm install.')
  process.exit(1)
}
console.log('package-lock.json holds the packages of every platform')
