/**
 * The content of an upload as `fetch` takes it. Bytes and Blobs can be sent again; a stream can as long as nobody has
 * read from it; a function that opens a stream always can.
 */
import { InvalidArgumentError } from './errors.js'
import type { Watch } from './watch.js'

/** What can be written to a file. Node's streams and generators are `AsyncIterable`; a function that opens one can be asked again. */
export type Content =
  | string
  | ArrayBuffer
  | ArrayBufferView
  | Blob
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array | string>
  | (() => AsyncIterable<Uint8Array | string>)

type Pieces = AsyncIterator<Uint8Array | string>

/** Slowest upload of a body whose progress cannot be seen before it counts as silent, bytes a millisecond. */
const SLOWEST_BYTES_PER_MS = 64

const encoder = new TextEncoder()

export class Body {
  readonly #whole: Uint8Array | Blob | undefined
  readonly #open: (() => AsyncIterable<Uint8Array | string>) | undefined
  #once: Pieces | undefined
  #isRead = false
  /** What the source of the stream threw: that, and not the broken request, is what its owner wants to see. */
  failure: { error: unknown } | undefined

  constructor(content: Content) {
    if (typeof content === 'function') this.#open = content
    else if (typeof content === 'string') this.#whole = encoder.encode(content)
    else if (content instanceof Blob) this.#whole = content
    else if (content instanceof ArrayBuffer) this.#whole = new Uint8Array(content)
    else if (ArrayBuffer.isView(content)) this.#whole = new Uint8Array(content.buffer, content.byteOffset, content.byteLength)
    else if (content instanceof ReadableStream) this.#once = piecesOf(content)
    else if (typeof content?.[Symbol.asyncIterator] === 'function') this.#once = content[Symbol.asyncIterator]()
    else throw new InvalidArgumentError('the content must be a string, bytes, a Blob, a stream or an async iterable')
  }

  /** Whether the body can be sent from its beginning. */
  get isFresh(): boolean {
    return this.#open !== undefined || !this.#isRead
  }

  /** The body for one request. */
  async start(watch: Watch): Promise<Uint8Array | Blob | ReadableStream<Uint8Array>> {
    this.failure = undefined
    if (this.#whole !== undefined) {
      const size = this.#whole instanceof Blob ? this.#whole.size : this.#whole.byteLength
      watch.touch(size / SLOWEST_BYTES_PER_MS)
      return this.#whole
    }
    if (this.#open && (!this.#once || this.#isRead)) {
      await this.close()
      this.#once = this.#open()[Symbol.asyncIterator]()
      this.#isRead = false
    }
    const stream = this.#stream(this.#once as Pieces, watch)
    // Browsers that cannot send a stream send what it holds.
    return streamsUp() ? stream : await new Response(stream).blob()
  }

  /** Lets go of the source. */
  async close(): Promise<void> {
    try {
      await this.#once?.return?.()
    } catch {
      // The source is given up; what it says to that helps nobody.
    }
  }

  #stream(pieces: Pieces, watch: Watch): ReadableStream<Uint8Array> {
    const pull = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
      this.#isRead = true
      try {
        for (;;) {
          const next = await pieces.next()
          watch.touch()
          if (next.done) return controller.close()
          const piece = typeof next.value === 'string' ? encoder.encode(next.value) : next.value
          if (!(piece instanceof Uint8Array)) throw new InvalidArgumentError('a stream of content must give bytes or strings')
          if (piece.byteLength > 0) return controller.enqueue(piece)
        }
      } catch (error) {
        this.failure ??= { error }
        controller.error(error)
      }
    }
    return new ReadableStream({ pull }, { highWaterMark: 0 })
  }
}

/** The pieces of a stream; not every runtime can iterate over one. */
export function piecesOf(stream: ReadableStream<Uint8Array>): AsyncIterator<Uint8Array> {
  const reader = stream.getReader()
  return {
    next: () => reader.read() as Promise<IteratorResult<Uint8Array>>,
    return: async () => {
      await reader.cancel()
      return { done: true, value: undefined }
    },
  }
}

let streams: boolean | undefined

/** Whether `fetch` sends streams here. Node, Bun and Deno do; of browsers, those that look at `duplex`. */
function streamsUp(): boolean {
  if (streams === undefined) {
    const runtime = globalThis as { process?: { versions?: { node?: string } }; Deno?: unknown }
    streams = runtime.process?.versions?.node !== undefined || runtime.Deno !== undefined || looksAtDuplex()
  }
  return streams
}

function looksAtDuplex(): boolean {
  let looked = false
  const init = {
    method: 'POST',
    body: new ReadableStream(),
    get duplex() {
      looked = true
      return 'half'
    },
  }
  return !new Request('http://localhost', init as RequestInit).headers.has('content-type') && looked
}
