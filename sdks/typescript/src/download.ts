/**
 * The content of a file as it comes. A connection that breaks is taken up again where it broke, as long as the file is
 * the same (`If-Match`): what is read is one version of the file, whole, or an error. Memory holds one piece.
 */
import { piecesOf } from './body.js'
import type { Call, Connection } from './connection.js'
import { ConnectionFailedError, InvalidArgumentError } from './errors.js'
import { sleep, waitMs } from './retry.js'
import type { Watch } from './watch.js'

/** Which bytes: `offset` and, where it is bounded, `length`. */
export interface Range {
  offset?: number | undefined
  length?: number | undefined
}

interface Answer {
  response: Response
  watch: Watch
}

const open = (connection: Connection, call: Call): Promise<Answer> =>
  connection.call(call, async (response, watch) => ({ response, watch }))

/** Asks for the content. Resolves when the server has begun to answer. */
export async function download(connection: Connection, call: Call, range: Range = {}): Promise<ReadableStream<Uint8Array>> {
  const first = await open(connection, { ...call, headers: { ...call.headers, range: rangeHeader(range, 0) } })
  const transfer = { answer: first, cancelled: false }
  return streamOf(resumed(connection, call, range, transfer), transfer)
}

/** An answer that cannot be taken up again, such as an archive. */
export async function stream(connection: Connection, call: Call): Promise<ReadableStream<Uint8Array>> {
  const transfer = { answer: await open(connection, call), cancelled: false }
  return streamOf(watched(transfer.answer, `${call.method} ${call.path}`), transfer)
}

/** A download on its way. */
interface Transfer {
  answer: Answer
  cancelled: boolean
}

function streamOf(pieces: AsyncGenerator<Uint8Array, void>, transfer: Transfer): ReadableStream<Uint8Array> {
  return new ReadableStream(
    {
      async pull(controller) {
        try {
          const { done, value } = await pieces.next()
          if (done) controller.close()
          else controller.enqueue(value)
        } catch (error) {
          controller.error(error)
        }
      },
      async cancel() {
        // The generator may not have begun, or may wait for a piece; either way this ends the request.
        transfer.cancelled = true
        transfer.answer.watch.cancel()
        await pieces.return()
      },
    },
    { highWaterMark: 0 },
  )
}

async function* resumed(
  connection: Connection,
  call: Call,
  range: Range,
  transfer: Transfer,
): AsyncGenerator<Uint8Array, void> {
  const request = `${call.method} ${call.path}`
  const etag = transfer.answer.response.headers.get('etag')
  const expected = lengthOf(transfer.answer.response)
  let received = 0
  let tries = 0
  for (;;) {
    try {
      for await (const piece of watched(transfer.answer, request)) {
        received += piece.byteLength
        tries = 0
        yield piece
      }
      if (expected === undefined || received >= expected) return
      throw new ConnectionFailedError(`the content ended after ${received} of ${expected} bytes (${request})`)
    } catch (error) {
      if (transfer.cancelled || (expected !== undefined && received >= expected)) return
      const wait = etag === null || tries >= connection.config.maxRetries ? undefined : waitMs(error, 'always', tries)
      if (wait === undefined) throw error
      await sleep(wait, connection.config.signal)
      tries += 1
    }
    const headers = { ...call.headers, range: rangeHeader(range, received), 'if-match': etag ?? undefined }
    transfer.answer = await open(connection, { ...call, headers })
    if (transfer.answer.response.status !== 206 && received > 0) {
      transfer.answer.watch.cancel()
      throw new ConnectionFailedError(`the rest of the content cannot be asked for (${request})`)
    }
  }
}

async function* watched({ response, watch }: Answer, request: string): AsyncGenerator<Uint8Array, void> {
  if (!response.body) return watch.end()
  const pieces = piecesOf(response.body)
  try {
    for (;;) {
      watch.touch()
      const { done, value } = await pieces.next()
      // Whoever reads may take as long as they like.
      watch.rest()
      if (done) break
      yield value
    }
    watch.end()
  } catch (error) {
    throw watch.explain(error, request)
  } finally {
    watch.cancel()
  }
}

/** The length that was promised; unknown where something on the way has encoded the content. */
function lengthOf(response: Response): number | undefined {
  const length = response.headers.get('content-length')
  return length === null || response.headers.has('content-encoding') ? undefined : Number(length)
}

function rangeHeader({ offset = 0, length }: Range, received: number): string | undefined {
  if (!(Number.isSafeInteger(offset) && offset >= 0) || !(length === undefined || (Number.isSafeInteger(length) && length > 0))) {
    throw new InvalidArgumentError('`offset` must be a whole number from 0 on, and `length` one from 1 on')
  }
  const first = offset + received
  if (first === 0 && length === undefined) return undefined
  return `bytes=${first}-${length === undefined ? '' : offset + length - 1}`
}
