import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import type { Logger } from 'pino'
import type { Metrics } from '../metrics.js'
import type { Connections } from './connections.js'
import { UNMATCHED } from './labels.js'
import { HttpError, problemText, statusOf } from './problem.js'

export interface ClientErrorDeps {
  logger: Logger
  metrics: Metrics
}

type ClientError = Error & { code?: string }

/**
 * Answers what the app never sees, since it is no HTTP or does not come in time, and logs and counts it as the app does
 * its own.
 */
export function clientErrorHandler({ logger, metrics }: ClientErrorDeps, connections: Connections) {
  return (error: ClientError, socket: Socket): void => {
    const connection = connections.of(socket)
    // What is dropped need not be HTTP.
    if (connection?.deaf && isParseError(error)) return
    const refusal = refusalOf(error)
    // A client that ends in the middle of a body has left.
    const left = connection?.uploading && error.code === 'HPE_INVALID_EOF_STATE'
    if (!connection || !refusal || left || !socket.writable) {
      socket.destroy()
      return
    }
    if (refusal.code === 'request-timeout') connection.ranOver()
    else connection.broke()
    if (connection.giveUp(refusal)) return
    // An answer has been given already, or this would be taken for that of an earlier request. Who is silent asks nothing.
    if (connection.used || socket.bytesRead === 0) {
      socket.destroy(refusal)
      return
    }
    answer(refusal, socket, error.code)
  }

  function answer(refusal: HttpError, socket: Socket, reason: string | undefined): void {
    const status = statusOf(refusal)
    const requestId = randomUUID()
    metrics.requestBegan()
    metrics.requestEnded('', UNMATCHED, status, 0)
    logger.info({ requestId, status, reason }, 'request')
    socket.write(rawAnswer(refusal, requestId))
    socket.destroySoon()
  }
}

/** @returns undefined when nobody is left to be told, or we closed the connection ourselves */
function refusalOf(error: ClientError): HttpError | undefined {
  const close = { connection: 'close' }
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new HttpError('request-timeout', 'the request took too long to come', close)
  if (error.code === 'HPE_HEADER_OVERFLOW')
    return new HttpError('headers-too-large', 'the headers are too large', close)
  if (isParseError(error)) return new HttpError('malformed-request', error.message, close)
  return undefined
}

function isParseError({ code }: ClientError): boolean {
  return code?.startsWith('HPE_') ?? false
}

function rawAnswer(error: HttpError, requestId: string): string {
  const { title, text } = problemText(statusOf(error), error.code, error.message, {}, requestId)
  return [
    `HTTP/1.1 ${statusOf(error)} ${title}`,
    `x-request-id: ${requestId}`,
    'x-content-type-options: nosniff',
    'content-type: application/problem+json; charset=utf-8',
    `content-length: ${Buffer.byteLength(text)}`,
    `date: ${new Date().toUTCString()}`,
    'connection: close',
    '',
    text,
  ].join('\r\n')
}
