import { readdirSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { dirname, join } from 'node:path'
import { expect, test } from '@jest/globals'
import { launch } from '../src/launch.js'

test('when the app is bundled, then it reads no library from node_modules while it starts', () => {
  const folder = dirname(launch.main)
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.js'),
  )
  const imported = files.flatMap((file) => {
    const code = readFileSync(join(folder, file), 'utf8')
    return [...code.matchAll(/^(?:import|export)\b[^'"`;]*["']([^"']+)["'];?$/gm)].map(
      ([, from = '']) => from,
    )
  })
  expect(imported).toContain('node:http')
  expect(imported.filter((from) => !/^(\.|node:)/.test(from) && !builtinModules.includes(from))).toEqual([])
})
