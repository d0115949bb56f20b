import { execFileSync } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { temporaryFolders } from '@repo/testing'
import { checkReferences } from '../src/references/index.js'

const folder = temporaryFolders()

const GOOD: Record<string, string> = {
  'package.json': '{"scripts": {"start": "x", "bench": "x"}}',
  'packages/one/src/env.ts': 'const schema = z.object({\n  MODEL_PLACE: text,\n})\n',
  'deploy/scripts/go.sh': '#!/usr/bin/env bash\n# Goes.\n#\n# Reads:\n#   GO_FAR   how far\nset -e\n',
  'deploy/charts/inference/values.yaml': 'image:\n  tag: ""\nconfig: {}\n',
  'docs/one.md': '# One\n\n## Two words\n\nSee [below](#two-words) and [the README](../README.md#the-top).\n',
  'README.md': [
    '# The top',
    '',
    '[one](docs/one.md#two-words) [folder](packages/one) [site](https://example.com)',
    '`packages/one/src/env.ts`, `MODEL_PLACE`, `GO_FAR`, `go.sh`, `image.tag`, `config`',
    '',
    '```bash',
    'npm start',
    'npm run bench',
    'helm upgrade inference . --set image.tag=1 --set config.LOG_LEVEL=debug',
    '```',
    '',
  ].join('\n'),
}

async function problems(changes: Record<string, string> = {}): Promise<string[]> {
  const root = await folder()
  for (const [path, text] of Object.entries({ ...GOOD, ...changes })) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), text)
  }
  execFileSync('git', ['init', '--quiet'], { cwd: root })
  return checkReferences(root)
}
const readme = (more: string) => ({ 'README.md': `${GOOD['README.md']}\n${more}\n` })

describe('checkReferences', () => {
  test('when everything that is named exists and the other way round, then there are no problems', async () => {
    expect(await problems()).toEqual([])
  })

  const WRONG: [string, Record<string, string>, string][] = [
    [
      'a link leads nowhere',
      readme('[x](docs/gone.md)'),
      'README.md:12: links to docs/gone.md, which is not there',
    ],
    ['an anchor has no heading', readme('[x](docs/one.md#three)'), 'docs/one.md has no such heading'],
    ['an image is missing', readme('![x](docs/gone.png)'), 'links to docs/gone.png'],
    [
      'a path in code is missing',
      readme('`packages/two/x.ts`'),
      '`packages/two/x.ts` is not in the repository',
    ],
    ['an npm script is missing', readme('`npm run gone`'), 'there is no npm script "gone"'],
    ['a variable is missing', readme('`MODEL_PLAEC`'), 'there is no environment variable MODEL_PLAEC'],
    ['a chart value is missing', readme('`--set image.tga=1`'), 'there is no chart value image.tga'],
    ['a chart value in code is missing', readme('`image.tga`'), 'there is no chart value image.tga'],
    [
      'a variable is not documented',
      { 'packages/one/src/env.ts': 'z.object({\n  MODEL_PLACE: text,\n  SECRET_KNOB: text,\n})\n' },
      'packages/one/src/env.ts: SECRET_KNOB is not documented',
    ],
    [
      "a script's variable is not documented",
      { 'deploy/scripts/go.sh': '#!/usr/bin/env bash\n# Reads:\n#   GO_FAR, GO_FAST   how\n' },
      'GO_FAST is not documented',
    ],
    [
      'a script is not documented',
      { 'deploy/scripts/stop.sh': '#!/usr/bin/env bash\n' },
      'deploy/scripts/stop.sh is not documented',
    ],
    [
      'an npm script is not documented',
      { 'package.json': '{"scripts": {"start": "x", "bench": "x", "lab": "x"}}' },
      'npm script "lab" is not documented',
    ],
    [
      'a chart value is not documented',
      { 'deploy/charts/inference/values.yaml': 'image:\n  tag: ""\n  secretTag: ""\nconfig: {}\n' },
      'the value image.secretTag is not documented',
    ],
  ]
  test.each(WRONG)('when %s, then it is told', async (_name, changes, problem) => {
    expect(await problems(changes)).toEqual([expect.stringContaining(problem)])
  })
})
