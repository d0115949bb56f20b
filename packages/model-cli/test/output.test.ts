import { describe, expect, jest, test } from '@jest/globals'
import { formatBytes, formatTable } from '../src/format.js'
import { ProgressBar } from '../src/progress-bar.js'
import { modelJson } from './helpers/run.js'

const progress = { step: 'pull', file: 'model.onnx', doneBytes: 1_500_000, totalBytes: 3_000_000 }

function terminal(isTTY: boolean, columns = 100) {
  const written: string[] = []
  const write = (text: string) => written.push(text) > 0
  return { stream: { isTTY, columns, write } as unknown as NodeJS.WriteStream, written }
}

describe('the progress bar', () => {
  test('when it is on a terminal, then it draws on one line and clears it', () => {
    const { stream, written } = terminal(true)
    const bar = new ProgressBar(stream)
    bar.onProgress(progress)
    bar.clear()
    expect(written).toEqual([
      '\r\u001b[Kpull [############------------] 50% 1.5 MB of 3.0 MB  model.onnx',
      '\r\u001b[K',
    ])
  })

  test('when reports come quickly, then it draws seldom', () => {
    jest.useFakeTimers({ now: 0 })
    const { stream, written } = terminal(true)
    jest.setSystemTime(1000)
    const bar = new ProgressBar(stream)
    for (let report = 0; report < 250; report++) {
      bar.onProgress(progress)
      jest.setSystemTime(1000 + report)
    }
    expect(written).toHaveLength(3)
    jest.useRealTimers()
  })

  test('when the terminal is narrow, then the line is cut to fit', () => {
    const { stream, written } = terminal(true, 20)
    new ProgressBar(stream).onProgress(progress)
    expect(written[0]?.replace('\r\u001b[K', '')).toHaveLength(19)
  })

  test('when it is not a terminal, then it draws nothing', () => {
    const { stream, written } = terminal(false)
    const bar = new ProgressBar(stream)
    bar.onProgress(progress)
    bar.clear()
    expect(written).toEqual([])
  })
})

describe('format', () => {
  test.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [241_503_848, '241.5 MB'],
    [1_500_000_000_000_000, '1500.0 TB'],
  ])('when it is %d bytes, then it reads %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text)
  })

  test('when rows differ in width, then columns line up', () => {
    expect(
      formatTable([
        ['A', 'B'],
        ['long', ''],
        ['x', 'y'],
      ]),
    ).toBe('A     B\nlong\nx     y')
  })
})

test('when a bucket cannot be reached, then stderr is the JSON of the error and nothing else', async () => {
  const env = {
    AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:1',
    AWS_REGION: 'nowhere',
    AWS_ACCESS_KEY_ID: 'key',
    AWS_SECRET_ACCESS_KEY: 'secret',
  }
  const { code, failure } = await modelJson(['list', '--store', 's3://models', '--timeout', '2'], { env })
  expect(code).not.toBe(0)
  expect(failure).toEqual({ error: { code: expect.any(String), message: expect.any(String) } })
})
