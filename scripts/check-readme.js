/**
 * Checks that translations are in step with their originals: the same headings in depth and order, the same code blocks,
 * the same links into the repository, and the stamp of the text that was translated. Of the tutorial the introduction
 * and the chapters' heads are translated.
 * `node scripts/check-readme.js --stamp` writes the new stamps once the translations have been brought up to date.
 */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

const TRANSLATIONS = [
  { original: 'README.md', translation: 'README.zh-CN.md', translated: (text) => text },
  { original: 'docs/tutorial.md', translation: 'docs/zh-CN/tutorial.md', translated: introductionAndHeads },
]

/** The text up to the second chapter, and of the others their headings. */
function introductionAndHeads(text) {
  const [title, introduction, ...chapters] = text.split(/^(?=## )/m)
  return [title, introduction, ...chapters.map((chapter) => chapter.split('\n')[0])].join('\n')
}

/** What has to be the same in both languages. */
function skeleton(markdown, path) {
  const blocks = [...markdown.matchAll(/^```(\w*)[^\n]*\n(.*?)^```/gms)].map(([, language, body]) => ({
    language,
    body,
  }))
  const prose = markdown.replace(/^```.*?^```/gms, '')
  const targets = [...prose.matchAll(/\]\(([^)#]+)/g)].map(([, target]) => target)
  return {
    headings: [...prose.matchAll(/^#+/gm)].map(([hashes]) => hashes.length).join(' '),
    // A diagram's words are translated; commands and output are not.
    code: blocks.map(({ language, body }) => (language === 'mermaid' ? 'a diagram' : body)).join('\n'),
    links: targets
      .filter((target) => !/zh-CN|README\.md|^\.\.\/tutorial\.md/.test(target))
      .map((target) => (/^https?:/.test(target) ? target : join(dirname(path), target)))
      .join('\n'),
  }
}

const problems = []
for (const { original, translation, translated } of TRANSLATIONS) {
  if (!existsSync(join(root, original))) continue
  const source = translated(readFileSync(join(root, original), 'utf8'))
  let text = readFileSync(join(root, translation), 'utf8')
  const hash = createHash('sha256').update(source).digest('hex').slice(0, 16)
  const stamp = `<!-- translated from ${original} ${hash} -->`
  if (process.argv.includes('--stamp')) {
    text = text.replace(/<!-- translated from \S+ [0-9a-f]* -->/, stamp)
    writeFileSync(join(root, translation), text)
  }
  const [here, there] = [skeleton(source, original), skeleton(translated(text), translation)]
  for (const part of Object.keys(here)) {
    if (here[part] !== there[part]) problems.push(`the ${part} of ${original} and ${translation} differ`)
  }
  if (!text.includes(stamp)) {
    problems.push(
      `${original} has changed since it was translated: bring ${translation} up to date, then run\n  node scripts/check-readme.js --stamp`,
    )
  }
}
for (const target of skeleton(readFileSync(join(root, 'README.md'), 'utf8'), 'README.md').links.split('\n')) {
  if (!/^https?:/.test(target) && !existsSync(join(root, target)))
    problems.push(`README.md links to ${target}, which is not there`)
}
if (problems.length > 0) {
  console.error(problems.join('\n'))
  process.exit(1)
}
console.log('the translations are in step with their originals')
