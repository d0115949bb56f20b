import { posix } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { parseDocument } from 'yaml'
import { leaveOut } from '../src/leave-out.js'
import { PARTS, type Part } from '../src/parts.js'
import { Tree } from '../src/tree.js'
import { describeWhole, root } from './whole.js'

const parts = Object.keys(PARTS) as Part[]

/** What is left of this repository; nothing is written. */
function without(...chosen: Part[]) {
  const tree = new Tree(root)
  const before = new Tree(root)
  leaveOut(tree, chosen)
  const npmScripts = (from: Tree) => Object.keys(JSON.parse(from.read('package.json')).scripts)
  const kept = npmScripts(tree)
  const goneScripts = npmScripts(before).filter((name) => !kept.includes(name))
  const gonePaths = parts
    .flatMap((part) => PARTS[part].paths as readonly string[])
    .filter((path) => !tree.has(path))
  const gone = new RegExp(
    [
      ...goneScripts.map((name) => `npm run (--?\\S+ )*${name}(?![\\w:-])`),
      ...gonePaths.map((path) => `(?<![\\w-])${path.replaceAll('.', '\\.')}(?![\\w:-])`),
    ].join('|'),
  )
  return { tree, gone, files: (pattern: RegExp) => tree.files.filter((path) => pattern.test(path)) }
}

/** `file:line: text` of the lines that name what is gone. */
function naming(
  tree: Tree,
  files: string[],
  gone: RegExp,
  isAllowed: (line: string) => boolean = () => false,
) {
  return files.flatMap((file) =>
    tree
      .read(file)
      .split('\n')
      .flatMap((line, at) =>
        gone.test(line) && !isAllowed(line) ? [`${file}:${at + 1}: ${line.trim()}`] : [],
      ),
  )
}

describeWhole('leaveOut', () => {
  const choices: { name: string; chosen: Part[] }[] = [
    ...parts.map((part) => ({ name: part, chosen: [part] })),
    { name: 'everything', chosen: parts },
  ]
  describe.each(choices)('when $name is left out', ({ chosen }) => {
    const { tree, gone, files } = without(...chosen)

    test('then no step, script or setting of CI calls what is gone', () => {
      const calling = files(/^\.github\/.*\.ya?ml$|^\.ci\/run$|\.sh$|(^|\/)package\.json$|^\.dockerignore$/)
      // A default place that is looked at before it is used.
      const isDefault = (line: string) => /\$\{[A-Z_]+:-/.test(line)
      expect(naming(tree, calling, gone, isDefault)).toEqual([])
    })

    test('then the workflows and pipelines are still YAML, and each job has its steps', () => {
      for (const file of files(/^(\.github|azure-pipelines)\/.*\.ya?ml$/)) {
        const document = parseDocument(tree.read(file))
        expect({ file, errors: document.errors }).toEqual({ file, errors: [] })
        const { jobs = {} } = document.toJS() as { jobs?: Record<string, { steps?: unknown[] }> }
        if (!file.startsWith('.github/workflows/')) continue
        for (const { steps } of Object.values(jobs)) expect(steps?.length).toBeGreaterThan(1)
      }
    })

    test('then Markdown links to nothing that is gone, and names no command or path of it', () => {
      const pages = files(/\.md$/)
      const dead = pages.flatMap((file) =>
        [...tree.read(file).matchAll(/\]\(([^)\s#:]+)(?:#[^)\s]*)?\)/g)]
          .map(([, target = '']) =>
            posix.normalize(posix.join(posix.dirname(file), target)).replace(/\/$/, ''),
          )
          .filter((path) => !tree.has(path))
          .map((path) => `${file}: ${path}`),
      )
      expect(dead).toEqual([])
      // docs/reference.md is made anew after it.
      expect(
        naming(
          tree,
          pages.filter((file) => file !== 'docs/reference.md'),
          gone,
        ),
      ).toEqual([])
    })

    test('then every workspace that another one needs is there', () => {
      const json = (file: string) => JSON.parse(tree.read(file)) as Record<string, Record<string, string>>
      const workspaces = files(/^(apps|packages|deploy)\/[^/]+\/package\.json$/).map(json)
      const names = workspaces.map(({ name }) => String(name))
      for (const { dependencies = {}, devDependencies = {} } of workspaces) {
        const own = Object.keys({ ...dependencies, ...devDependencies }).filter((name) =>
          name.startsWith('@repo/'),
        )
        expect(names).toEqual(expect.arrayContaining(own))
      }
    })
  })

  test('when the pipelines are left out, then the workflow keeps its other steps, and the labs go too', () => {
    const { tree } = without('azure-pipelines')
    const workflow = parseDocument(tree.read('.github/workflows/build.yml')).toJS()
    const runs = (workflow.jobs.verify.steps as { run?: string }[]).map(({ run }) => run)
    expect(runs).toEqual(expect.arrayContaining(['npm run typecheck', 'npm test']))
    expect(runs).not.toContain('npm run check:pipelines')
    expect(tree.has('docs/labs')).toBe(false)
    expect(tree.has('packages/labs')).toBe(false)
  })

  test('when a command of a block is about what is gone, then the others of the block stay', () => {
    const page = without('azure-pipelines').tree.read('docs/azure.md')
    expect(page).toMatch(
      /doctor\.sh .*\n.*provision\.sh --what-if .*\n.*provision\.sh {2,}#.*\ndeploy\/azure\/teardown\.sh /,
    )
  })

  test('when a line of .ci/run is gone, then so is the comment above it, and no other', () => {
    const tree = new Tree(root)
    tree.write('.ci/run', '# one\nnpm test\n# two,\n# which is long\nnpm run bench\n# three\nnpm run lint\n')
    leaveOut(tree, ['bench'])
    expect(tree.read('.ci/run')).toBe('# one\nnpm test\n# three\nnpm run lint\n')
  })

  test('when a section begins with what is gone, then it goes as a whole', () => {
    const page = without('github').tree.read('docs/pipelines.md')
    expect(page).not.toContain('## GitHub Actions')
    expect(page).toContain('## What is checked')
  })

  test.each([
    [
      'a step of several lines',
      '- name: x\n  run: npm run bench\n  env:\n    A: b\n\n- run: npm test\n',
      '\n- run: npm test\n',
    ],
    [
      'a step with its comment',
      '# why\n- run: npm run bench\n# other\n- run: npm test\n',
      '# other\n- run: npm test\n',
    ],
    [
      'a line of a script',
      '- run: |\n    npm test\n    npm run bench\n- a\n',
      '- run: |\n    npm test\n- a\n',
    ],
    ['a script of one line', '- run: |\n    npm run bench\n- a\n', '- a\n'],
    ['an item of a list', 'paths:\n  - apps/**\n  - packages/bench/**\n', 'paths:\n  - apps/**\n'],
    ['a value', 'a:\n  - b\nenv:\n  X: packages/bench\n  Y: z\n', 'a:\n  - b\nenv:\n  Y: z\n'],
    ['a comment', 'a: b\n# npm run bench\nc: d\n', 'a: b\nc: d\n'],
    ['nothing', '- run: npm run bench:other\n', '- run: npm run bench:other\n'],
  ])('when a workflow names what is gone in %s, then that goes and nothing else', (_where, before, after) => {
    const tree = new Tree(root)
    tree.write('.github/workflows/other.yml', before)
    leaveOut(tree, ['bench'])
    expect(tree.read('.github/workflows/other.yml')).toBe(after)
  })
})
