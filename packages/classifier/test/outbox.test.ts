import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { Outbox } from '../src/pool/outbox.js'

function outbox(inBatches = true) {
  const posted: number[][] = []
  return { posted, box: new Outbox<number>((items) => posted.push(items), inBatches) }
}

test('when items come in one turn of the event loop, then they go as one message, in their order', async () => {
  const { posted, box } = outbox()
  box.add(1)
  await Promise.resolve()
  box.add(2)
  expect(posted).toEqual([])
  await nextTurn()
  box.add(3)
  await nextTurn()
  expect(posted).toEqual([[1, 2], [3]])
})

test('when it is flushed, then what it has goes at once and only once', async () => {
  const { posted, box } = outbox()
  box.add(1)
  box.flush()
  expect(posted).toEqual([[1]])
  box.add(2)
  await nextTurn()
  box.flush()
  expect(posted).toEqual([[1], [2]])
})

test('when it does not collect, then each item goes at once', () => {
  const { posted, box } = outbox(false)
  box.add(1)
  box.add(2)
  expect(posted).toEqual([[1], [2]])
})
