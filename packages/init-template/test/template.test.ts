import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, readFile, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, test } from '@jest/globals'
import { temporaryFolders } from '@repo/testing'
import { describeWhole, root } from './whole.js'

const folder = temporaryFolders()

const OURS = [
  ...[
    '--project',
    'shoes',
    '--owner',
    'acme',
    '--github-repository',
    'acme/shoes-app',
    '--registry',
    'acmeshoes.azurecr.io',
    '--storage-account',
    'acmeshoes',
  ],
  ...[
    '--resource-group',
    'rg-shoes',
    '--cluster',
    'aks-shoes',
    '--namespaces',
    'shoes',
    '--image',
    'shoes/api',
  ],
]

/** A fork: the working tree as it is, with our dependencies. */
async function fork(): Promise<string> {
  const copy = join(await folder(), 'fork')
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  })
  for (const path of listed.split('\0')) {
    if (path !== '' && existsSync(join(root, path))) await cp(join(root, path), join(copy, path))
  }
  await cp(join(root, 'packages/init-template/dist'), join(copy, 'packages/init-template/dist'), {
    recursive: true,
  })
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'))
  git(copy, 'init', '--quiet')
  git(copy, 'add', '--all')
  git(copy, '-c', 'user.name=t', '-c', 'user.email=t@example.com', 'commit', '--quiet', '--message', 'fork')
  return copy
}
const git = (cwd: string, ...args: string[]) => execFileSync('git', args, { cwd, encoding: 'utf8' })
const diff = (copy: string) => git(copy, 'status', '--porcelain')

const init = (copy: string, ...args: string[]) => answer(copy, '', ...args)

/** With these lines typed on the terminal. */
function answer(copy: string, input: string, ...args: string[]) {
  const bin = join(copy, 'packages/init-template/bin/init-template.js')
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...args], { encoding: 'utf8', input })
  return { status, stdout, stderr }
}

describeWhole('npm run init-template', () => {
  let copy: string
  beforeAll(async () => {
    copy = await fork()
  })

  test('when it is a dry run, then the changes are shown and nothing is written', () => {
    const { status, stdout } = init(copy, '--dry-run', ...OURS, '--without', 'bench')
    expect(status).toBe(0)
    expect(stdout).toContain('+   containerRegistry: acmeshoes.azurecr.io')
    expect(stdout).toContain('removed  packages/bench/package.json')
    expect(diff(copy)).toBe('')
  })

  test.each([
    [['--registry', 'https://x'], '--registry https://x: it has to be a host'],
    [['--without', 'everything'], 'there is no such part'],
    [['--github-repository', 'acme'], '--github-repository acme: it has to be owner/name, or nothing'],
    [['--github-repository', 'acme/app', '--without', 'github'], 'that --without github leaves out'],
    [['--nonsense'], '--nonsense'],
  ])('when %j is given, then it is refused with a reason and nothing is written', (args, message) => {
    const { status, stderr } = init(copy, '--yes', ...args)
    expect(status).toBe(2)
    expect(stderr).toContain(message)
    expect(diff(copy)).toBe('')
  })

  test('when nothing is answered differently, then nothing changes', () => {
    expect(init(copy, '--yes').stdout).toBe('Nothing to change.\n')
    expect(diff(copy)).toBe('')
  })

  test('when it asks and Enter is the answer, then nothing changes; without answers it says so', () => {
    const asked = answer(copy, '\n'.repeat(9))
    expect(asked.stdout).toMatch(/Name of the image in the registry \[.+\]: Nothing to change\.\n/)
    expect(answer(copy, 'No good name\n', '--owner', 'acme')).toMatchObject({
      status: 2,
      stdout: expect.stringContaining('has to be 3 to 63 lower-case letters'),
      stderr: expect.stringContaining('No answer, nothing was changed'),
    })
    expect(diff(copy)).toBe('')
  })

  test('when a fork is named, then every place has its names, and a second run changes nothing', async () => {
    expect(init(copy, '--yes', ...OURS)).toMatchObject({ status: 0 })
    const read = (path: string) => readFile(join(copy, path), 'utf8')
    expect(JSON.parse(await read('package.json')).name).toBe('shoes')
    expect(JSON.parse(await read('package-lock.json'))).toMatchObject({
      name: 'shoes',
      packages: { '': { name: 'shoes' } },
    })
    const variables = await read('azure-pipelines/templates/variables.yml')
    expect(variables).toContain('modelStore: https://acmeshoes.blob.core.windows.net/models\n')
    expect(variables).toContain('namespaceProduction: shoes-production\n')
    expect(variables).toContain('serviceConnectionBuild: shoes-build\n')
    const settings = (await read('deploy/azure/azure.env')).split('\n')
    expect(settings).toEqual(
      expect.arrayContaining([
        'PROJECT_NAME=shoes',
        'STORAGE_ACCOUNT=acmeshoes',
        'GITHUB_REPOSITORY=acme/shoes-app',
      ]),
    )
    expect(await read('README.md')).toMatch(/^# shoes\n/)
    expect(await read('.github/CODEOWNERS')).toBe('* @acme\n')
    const first = git(copy, 'diff')
    expect(init(copy, '--yes', ...OURS).stdout).toBe('Nothing to change.\n')
    expect(init(copy, '--yes').stdout).toBe('Nothing to change.\n')
    expect(git(copy, 'diff')).toBe(first)
  })

  test('when parts are left out, then nothing mentions them any more, and a second run changes nothing', async () => {
    const parts = ['labs', 'azure-pipelines', 'github', 'sample-model', 'bench'].flatMap((part) => [
      '--without',
      part,
    ])
    expect(init(copy, '--yes', ...parts)).toMatchObject({ status: 0 })
    for (const gone of [
      'docs/labs',
      'azure-pipelines',
      'packages/bench',
      '.github/workflows',
      'packages/sample-model/train',
    ]) {
      expect(existsSync(join(copy, gone))).toBe(false)
    }
    const { scripts } = JSON.parse(await readFile(join(copy, 'package.json'), 'utf8'))
    expect(Object.keys(scripts)).not.toContain('rehearse')
    // Without the workflow no repository on GitHub has any business here.
    expect(await readFile(join(copy, 'deploy/azure/azure.env'), 'utf8')).toContain('\nGITHUB_REPOSITORY=\n')
    // A sentence that names what is gone goes as a whole, whatever dots its code has.
    expect(await readFile(join(copy, 'docs/customise.md'), 'utf8')).toContain('and does it. Packages are')
    const check = spawnSync(process.execPath, ['scripts/check-readme.js'], { cwd: copy, encoding: 'utf8' })
    expect(check).toMatchObject({ status: 0 })
    const first = git(copy, 'diff')
    expect(init(copy, '--yes', ...parts).stdout).toBe('Nothing to change.\n')
    expect(git(copy, 'diff')).toBe(first)
  })
})
