import type { Checkout } from './checkout.js'
import { header, type Inventory } from './inventory.js'

export const PAGE = 'docs/reference.md'

/**
 * Every setting, command and script, in the words of the code itself. Kept in the repository, so that it can be read
 * there; `npm run docs:test -- --write` renews it, and the check of references finds it when it is out of date.
 */
export function referencePage(checkout: Checkout, { helps, scripts }: Inventory): string {
  const environments = [...checkout.files].filter((path) => /\/src\/env\.ts$/.test(path)).sort()
  return [
    '# Reference',
    '<!-- Written by npm run docs:test -- --write; do not edit. -->',
    "Every setting, command and script, in the words of the code itself. The chart's values are in [its README](../deploy/charts/inference/README.md), what the app's settings do in [serving.md](serving.md).",
    '## npm scripts',
    table(
      ['script', 'what it runs'],
      Object.entries(npmScripts(checkout)).map(([name, command]) => [`npm run ${name}`, command]),
    ),
    '## Environment variables',
    ...environments.flatMap((path) => {
      const rows = settings(checkout.read(path))
      return rows.length === 0
        ? []
        : [`### ${path.replace('/src/env.ts', '')}`, table(['variable', 'meaning'], rows)]
    }),
    '## Commands',
    ...[...helps].flatMap(([command, help]) => [`### ${command.replace(/ --$/, '')}`, text(help)]),
    '## Scripts',
    ...[...scripts.keys(), 'deploy/scripts/lib.sh', 'deploy/azure/azure.env']
      .filter((path) => checkout.files.has(path))
      .flatMap((path) => {
        const content = checkout.read(path)
        const shown = path.endsWith('.env')
          ? content
          : header(content)
              .replace(/^#!.*\n/, '')
              .replace(/^# ?/gm, '')
        return [`### ${path}`, text(shown.trim())]
      }),
    '',
  ].join('\n\n')
}

function npmScripts(checkout: Checkout): Record<string, string> {
  return (JSON.parse(checkout.read('package.json')) as { scripts: Record<string, string> }).scripts
}

/** The variables of an `env.ts` with the comments above them. One that is named twice has its first words. */
function settings(source: string): [string, string][] {
  const comment = String.raw`(?: {2}\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n)?`
  const found = [...source.matchAll(new RegExp(`${comment} {2}([A-Z][A-Z0-9_]+):`, 'g'))]
  const rows = found.map(([, said = '', name = '']): [string, string] => [
    name,
    said
      .replace(/\n\s*\*/g, ' ')
      .replace(/\s+/g, ' ')
      .trim(),
  ])
  return [...new Map(rows.reverse())].reverse()
}

function table(head: [string, string], rows: [string, string][]): string {
  const cells = ([name, meaning]: [string, string]) => `| \`${name}\` | ${meaning.replaceAll('|', '\\|')} |`
  return [`| ${head.join(' | ')} |`, '| --- | --- |', ...rows.map(cells)].join('\n')
}

function text(content: string): string {
  return `\`\`\`text\n${content}\n\`\`\``
}
