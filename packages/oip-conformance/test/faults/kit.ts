import { goodReply } from '../reference.js'
import type { Call, Handler, Reply } from '../server.js'

export type Correct = (call: Call) => Reply
// biome-ignore lint/suspicious/noExplicitAny: a fault reaches into JSON that the reference server made
export type Body = any

/** A server in which one single behaviour is broken, and the check that has to notice. */
export interface Fault {
  broken: string
  caughtBy: string
  breakIt(correct: Correct): Handler
}

export const fault = (broken: string, caughtBy: string, breakIt: Fault['breakIt']): Fault => ({
  broken,
  caughtBy,
  breakIt,
})

/** Changes the body of good answers to calls like `GET /v2`. */
export const answers = (where: RegExp, change: (body: Body, call: Call) => unknown) => (correct: Correct) => {
  return (call: Call): Reply => {
    const reply = correct(call)
    if (reply.status !== 200 || !where.test(`${call.method} ${call.path}`)) return reply
    return { ...reply, body: change(structuredClone(reply.body), call) }
  }
}

/** Changes the answers with an error status. */
export const errors = (change: (text: string, reply: Reply) => Partial<Reply>) => (correct: Correct) => {
  return (call: Call): Reply => {
    const reply = correct(call)
    return reply.status < 400 ? reply : { ...reply, ...change((reply.body as Body).error, reply) }
  }
}

/** Takes what the correct server refuses with that text, as if there were nothing to refuse. */
export const accepts =
  (refusal: RegExp, where = /./) =>
  (correct: Correct) =>
  (call: Call): Reply | undefined => {
    const reply = correct(call)
    const forgiven = reply.status >= 400 && refusal.test((reply.body as Body).error) && where.test(call.path)
    return forgiven ? goodReply(correct) : reply
  }

/** Changes inference requests before they are looked at. */
export const reads = (change: (request: Body) => unknown) => (correct: Correct) => {
  return (call: Call): Reply => {
    try {
      return correct({ ...call, body: JSON.stringify(change(JSON.parse(call.body))) })
    } catch {
      return correct(call)
    }
  }
}

export const METADATA = /^GET \/v2\/models\/[^/]+(\/versions\/[^/]+)?$/
export const VERSIONED = /\/versions\//
export const INFER = /infer$/
export const isImage = (call: Call) => call.body.includes('"BYTES"')
export const missing =
  (where: RegExp) =>
  (correct: Correct) =>
  (call: Call): Reply =>
    where.test(`${call.method} ${call.path}`)
      ? { status: 404, body: { error: 'there is no such path' } }
      : correct(call)

export const outputs = (change: (output: Body, index: number) => unknown) =>
  answers(INFER, (body) => ({ ...body, outputs: body.outputs.map(change) }))
export const infer400 = (what: string) => `infer answers 400 to ${what}`
export const withText = (what: string) => `${what} answers 404 with an error text`

/** Rows of three values. */
export function chunks(data: number[]): number[][] {
  return Array.from({ length: Math.ceil(data.length / 3) }, (_, row) => data.slice(row * 3, row * 3 + 3))
}

/** [channel][y][x] to the same nesting, read in the order of [y][x][channel]. */
export function transposed(sample: number[][][]): number[][][] {
  const flat =
    sample[0]?.flatMap((row, y) => row.flatMap((_, x) => sample.map((plane) => plane[y]?.[x] ?? 0))) ?? []
  return sample.map((plane, c) => plane.map((row, y) => row.map((_, x) => flat[c * 64 + y * 8 + x] ?? 0)))
}
