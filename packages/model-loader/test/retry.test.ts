import { expect, test } from '@jest/globals'
import { StoreError } from '../src/errors.js'
import { retryAfterMs, retrying, retryingStream } from '../src/retry.js'

const policy = { tries: 3, firstWaitMs: 1, maxWaitMs: 2, stallMs: 50 }
const transient = () => new StoreError('unreachable', 'try again', { isTransient: true })

/** A request that fails so often before it succeeds. */
function failing(times: number, error = transient) {
  let count = 0
  const run = async () => {
    if (count++ < times) throw error()
    return 'done'
  }
  return { run, count: () => count }
}

test('when it fails less often than there are tries, then it succeeds', async () => {
  const { run, count } = failing(2)
  expect(await retrying(policy, 'reading', undefined, run)).toBe('done')
  expect(count()).toBe(3)
})

test('when it fails as often as there are tries, then the last error is thrown', async () => {
  const { run, count } = failing(9)
  await expect(retrying(policy, 'reading', undefined, run)).rejects.toThrow('try again')
  expect(count()).toBe(3)
})

test('when the error is not of the kind that passes, then it is not tried again', async () => {
  const { run, count } = failing(9, () => new StoreError('access', 'not yours'))
  await expect(retrying(policy, 'reading', undefined, run)).rejects.toThrow('not yours')
  expect(count()).toBe(1)
})

test('when nothing moves, then it is given up and tried again, and the message says what stalled', async () => {
  let count = 0
  const run = (signal: AbortSignal) => {
    count++
    return new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  }
  await expect(retrying(policy, 'reading a/x', undefined, run)).rejects.toThrow(
    /^reading a\/x failed: nothing moved/,
  )
  expect(count).toBe(3)
})

test('when the caller aborts during a wait, then its reason is thrown and nothing is tried again', async () => {
  const abort = new AbortController()
  const reason = new Error('enough')
  const { run, count } = failing(9)
  const slow = { ...policy, firstWaitMs: 60_000, maxWaitMs: 60_000 }
  const retried = retrying(slow, 'reading', abort.signal, run)
  abort.abort(reason)
  await expect(retried).rejects.toBe(reason)
  expect(count()).toBe(1)
})

test('when a stream breaks off again and again but brings bytes each time, then only the rest is asked for', async () => {
  const asked: number[] = []
  const open = async (at: number) => {
    asked.push(at)
    return (async function* () {
      yield Buffer.from([at])
      if (at < 9) throw transient()
    })()
  }
  const got: number[] = []
  for await (const chunk of retryingStream(policy, 'reading', 0, 10, undefined, open)) got.push(...chunk)
  expect(got).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  expect(asked).toEqual(got)
})

test('when a stream ends before it should, twice without a byte, then it ends: the object is shorter', async () => {
  let opened = 0
  const open = async () => {
    opened++
    return (async function* (): AsyncGenerator<Uint8Array> {})()
  }
  const got: Uint8Array[] = []
  for await (const chunk of retryingStream(policy, 'reading', 0, 10, undefined, open)) got.push(chunk)
  expect([got, opened]).toEqual([[], 2])
})

test.each([
  ['2', 2_000],
  ['0', 0],
  [undefined, undefined],
  ['', undefined],
  ['soon', undefined],
  [new Date(0).toUTCString(), 0],
])('when Retry-After is %p, then the wait is %p ms', (header, ms) => {
  expect(retryAfterMs(header)).toBe(ms)
})
