/**
 * Checks that README.zh-CN.md is in step with README.md: the same headings in depth and order, the same code blocks,
 * the same links into the repository, and the stamp of the README that was translated.
 * `node scripts/check-readme.js --stamp` writes the new stamp once the translation has been brought up to date.
 */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'

const file = (name) => new URL(`../${name}`, import.meta.url)
const original = readFileSync(file('README.md'), 'utf8')
let translation = readFileSync(file('README.zh-CN.md'), 'utf8')

const stamp = `<!-- translated from README.md ${createHash('sha256').update(original).digest('hex').slice(0, 16)} -->`
const stampLine = /<!-- translated from README\.md [0-9a-f]* -->/
if (process.argv.includes('--stamp')) {
  translation = translation.replace(stampLine, stamp)
  writeFileSync(file('README.zh-CN.md'), translation)
}

/** What has to be the same in both languages. */
function skeleton(markdown) {
  const blocks = [...markdown.matchAll(/^```(\w*)\n(.*?)^```/gms)].map(([, language, body]) => ({
    language,
    body,
  }))
  const prose = markdown.replace(/^```.*?^```/gms, '')
  const links = [...prose.matchAll(/\]\(([^)#]+)/g)].map(([, target]) => target)
  return {
    headings: [...prose.matchAll(/^#+/gm)].map(([hashes]) => hashes.length).join(' '),
    // A diagram's words are translated; commands and output are not.
    code: blocks.map(({ language, body }) => (language === 'mermaid' ? 'a diagram' : body)).join('\n'),
    links: links.filter((target) => !/README/.test(target)).join('\n'),
  }
}

const problems = []
const [here, there] = [skeleton(original), skeleton(translation)]
for (const part of Object.keys(here)) {
  if (here[part] !== there[part]) problems.push(`the ${part} of README.md and README.zh-CN.md differ`)
}
if (!translation.includes(stamp)) {
  problems.push(
    'README.md has changed since it was translated: bring README.zh-CN.md up to date, then run\n  node scripts/check-readme.js --stamp',
  )
}
for (const target of here.links.split('\n')) {
  if (!/^https?:/.test(target) && !existsSync(file(target)))
    problems.push(`README.md links to ${target}, which is not there`)
}
if (problems.length > 0) {
  console.error(problems.join('\n'))
  process.exit(1)
}
console.log('README.zh-CN.md is in step with README.md')
