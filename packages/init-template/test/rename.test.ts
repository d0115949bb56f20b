import { expect, test } from '@jest/globals'
import type { Answers } from '../src/answers.js'
import { leaveOut } from '../src/leave-out.js'
import { currentAnswers, rename } from '../src/rename.js'
import { Tree } from '../src/tree.js'
import { describeWhole, root } from './whole.js'

const SETTINGS = 'deploy/azure/azure.env'

function renamed(answers: Partial<Answers>, tree = new Tree(root)): Tree {
  rename(tree, { ...currentAnswers(tree), ...answers } as Answers)
  return tree
}
const setting = (tree: Tree, name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(tree.read(SETTINGS))?.[1]

describeWhole('rename', () => {
  test('when a fork has an owner and a name, then no repository on GitHub gets rights that was not named', () => {
    const before = setting(new Tree(root), 'GITHUB_REPOSITORY')
    const tree = renamed({ owner: 'acme', project: 'shoes' })
    expect(tree.read('.github/CODEOWNERS')).toBe('* @acme\n')
    expect(setting(tree, 'GITHUB_REPOSITORY')).toBe(before)
    expect(setting(renamed({ 'github-repository': 'acme/app' }), 'GITHUB_REPOSITORY')).toBe('acme/app')
  })

  test('when the name of the repository on GitHub is taken away, then it is gone', () => {
    const tree = renamed({ 'github-repository': 'acme/app' })
    expect(setting(renamed({ 'github-repository': '' }, tree), 'GITHUB_REPOSITORY')).toBe('')
  })

  test.each([
    ['shoes', 'shoes'],
    ['abc', 'abc'],
    ['exactly-twenty-chars', 'exactly-twenty-chars'],
    ['a-name-with-many-letters', /^a-name-with-ma-[0-9a-f]{5}$/],
    ['a-name-with-m--letters-and-more', /^a-name-with-m-[0-9a-f]{5}$/],
  ])(
    'when the project is called %s, then Azure gets a name of its own that is short enough',
    (project, expected) => {
      const name = setting(renamed({ project }), 'PROJECT_NAME')
      // As deploy/azure/lib/common.sh wants it.
      expect(name).toMatch(/^[a-z][a-z0-9-]{1,18}[a-z0-9]$/)
      expect(name).toEqual(typeof expected === 'string' ? expected : expect.stringMatching(expected))
    },
  )

  test('when two long names begin alike, then their names on Azure differ', () => {
    const nameOf = (project: string) => setting(renamed({ project }), 'PROJECT_NAME')
    expect(nameOf('the-same-beginning-one')).not.toBe(nameOf('the-same-beginning-two'))
  })

  test('when the pipelines were left out, then today’s names are read from azure.env, and can be changed there', () => {
    const tree = renamed({
      registry: 'acmeshoes.azurecr.io',
      'storage-account': 'acmeshoes',
      'resource-group': 'rg-shoes',
      cluster: 'aks-shoes',
      namespaces: 'shoes',
    })
    leaveOut(tree, ['azure-pipelines'])
    expect(currentAnswers(tree)).toMatchObject({
      registry: 'acmeshoes.azurecr.io',
      'storage-account': 'acmeshoes',
      'resource-group': 'rg-shoes',
      cluster: 'aks-shoes',
      namespaces: 'shoes',
    })
    renamed({ 'storage-account': 'boots', registry: 'boots.azurecr.io', cluster: 'aks-boots' }, tree)
    expect(
      ['STORAGE_ACCOUNT', 'REGISTRY_NAME', 'AKS_CLUSTER', 'RESOURCE_GROUP'].map((name) =>
        setting(tree, name),
      ),
    ).toEqual(['boots', 'boots', 'aks-boots', 'rg-shoes'])
  })

  test('when the pipelines were left out before anything was named, then it can still be named', () => {
    const tree = new Tree(root)
    // Nothing in the template; in a fork the name that it got.
    const before = setting(tree, 'STORAGE_ACCOUNT')
    leaveOut(tree, ['azure-pipelines'])
    expect(setting(tree, 'STORAGE_ACCOUNT')).toBe(before)
    expect(setting(renamed({ 'storage-account': 'boots' }, tree), 'STORAGE_ACCOUNT')).toBe('boots')
  })
})
