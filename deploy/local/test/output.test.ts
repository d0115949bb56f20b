import { execFileSync } from 'node:child_process'
import { describe, expect, test } from '@jest/globals'
import { curlCommand, formatBytes, progressBar, shellQuote } from '../src/format.js'
import { createOutput } from '../src/output.js'

function recorded(terminal: boolean) {
  let written = ''
  const output = createOutput({
    redraw: terminal,
    colour: terminal,
    write: (text) => {
      written += text
    },
  })
  return { output, written: () => written }
}

describe('the output', () => {
  test('when it is no terminal, then it is plain lines', () => {
    const { output, written } = recorded(false)
    const step = output.step('Pull')
    step.progress(1, 2)
    step.done('Pulled')
    output.error('It broke.', 'Mend it')
    expect(written()).toMatch(
      /^ {3}Pull \.\.\.\nok Pulled \(\d+\.\d s\)\nerror: It broke\.\nnext: Mend it\n$/,
    )
  })

  test('when it is a terminal, then the step is live until it is done, and the error is red', () => {
    const { output, written } = recorded(true)
    const step = output.step('Pull')
    step.progress(1, 2)
    output.line('a notice')
    step.done('Pulled')
    output.error('It broke.')
    expect(written()).toContain('Pull █')
    expect(written()).toContain('\r\x1b[2Ka notice\n')
    expect(written()).toContain('✔\x1b[0m Pulled')
    expect(written()).toContain('\x1b[31m✖ It broke.\x1b[0m\n')
  })

  test("when it is a terminal, then the app's JSON log becomes readable, in whatever pieces it comes", () => {
    const { output, written } = recorded(true)
    const error = { level: 50, time: 0, msg: 'broken', err: { stack: 'Error: broken\n    at x' } }
    const log = `${JSON.stringify({ level: 30, time: 0, msg: 'request', status: 200, path: '/ü' })}\nplain\n${JSON.stringify(error)}\n`
    for (const byte of Buffer.from(log)) output.log(Buffer.of(byte))
    const [request, plain, broken, ...stack] = written().split('\n')
    expect(request).toMatch(/\d\d:\d\d:\d\d\S+ request .*status=200 path=\/ü/)
    expect(plain).toBe('plain')
    expect(broken).toContain('\x1b[31mbroken')
    expect(stack).toEqual(['Error: broken', '    at x', ''])
  })

  test('when it is no terminal, then the log passes as it is', () => {
    const { output, written } = recorded(false)
    output.log(Buffer.from('{"level":30}\n'))
    expect(written()).toBe('{"level":30}\n')
  })

  test('when everything is to end, then the live line goes', () => {
    const { output, written } = recorded(true)
    output.step('Pull')
    output.stopping()
    expect(written().endsWith('\r\x1b[2KStopping\n')).toBe(true)
  })
})

describe('numbers for people', () => {
  test.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [999_499, '999 kB'],
    [999_600, '1.0 MB'],
    [102_442_450, '102 MB'],
    [3_500_000_000, '3.5 GB'],
  ])('when there are %i bytes, then they read %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text)
  })

  test('when a share is out of range, then the bar stays whole', () => {
    expect(progressBar(1.2).match(/[█░]/g)).toHaveLength(24)
    expect(progressBar(0)).toBe(`${'░'.repeat(24)}   0 %`)
  })
})

describe('the curl command', () => {
  test('when the path is plain, then it is not quoted', () => {
    expect(curlCommand('http://127.0.0.1:8080', '/a/b.png')).toBe(
      'curl -F image=@/a/b.png http://127.0.0.1:8080/score',
    )
  })

  test.each(["it's", 'a b', '$HOME', 'semi;colon,comma', '"double"', 'back\\slash', 'ünï'])(
    'when the path holds %s, then the shell passes it on whole',
    (name) => {
      const word = shellQuote(`/x/${name}`)
      expect(execFileSync('sh', ['-c', `printf %s ${word}`], { encoding: 'utf8' })).toBe(`/x/${name}`)
    },
  )

  test('when curl would take a part of the name for a setting, then the name is quoted for it too', () => {
    expect(curlCommand('http://h', '/a;b,"c".png')).toBe(`curl -F 'image=@"/a;b,\\"c\\".png"' http://h/score`)
  })
})
