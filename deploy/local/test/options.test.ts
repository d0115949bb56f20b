import { describe, expect, test } from '@jest/globals'
import { help, parseOptions } from '../src/options.js'

describe('parseOptions', () => {
  test('when there is nothing, then nothing is set', () => {
    expect(parseOptions([])).toEqual({ help: false })
  })

  test('when options are given, then they are read', () => {
    expect(parseOptions(['--store', 'file:///x', '--model=resnet50-v1-12'])).toEqual({
      help: false,
      store: 'file:///x',
      model: 'resnet50-v1-12',
    })
    expect(parseOptions(['-h']).help).toBe(true)
  })

  test.each([
    [['--frobnicate'], /--frobnicate/],
    [['positional'], /positional/],
    [['--model'], /--model/],
    [['--model='], /--model needs a value/],
    [['--model', 'a', '--name', 'b'], /exclude each other/],
  ])('when given %j, then the error says what is wrong and exits with 2', (args, message) => {
    expect(() => parseOptions(args)).toThrow(message)
    expect(() => parseOptions(args)).toThrow(
      expect.objectContaining({ exitCode: 2, next: 'See npm start -- --help' }),
    )
  })

  test('when help is asked for, then every option and setting is in it', () => {
    for (const word of ['--model', '--name', '--store', 'npm run dev', 'PORT', 'HOST', 'MODEL_CACHE_DIR']) {
      expect(help).toContain(word)
    }
  })
})
