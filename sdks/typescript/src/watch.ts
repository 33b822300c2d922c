/** Ends a request when nothing moves for too long, or when its caller says so; and tells afterwards which it was. */
import { ConnectionFailedError, HoldfastError, RequestTimeoutError } from './errors.js'

export class Watch {
  readonly #controller = new AbortController()
  readonly #outer: AbortSignal | undefined
  readonly #timeoutMs: number
  #timer: ReturnType<typeof setTimeout> | undefined
  #timedOut = false
  #ended = false

  constructor(timeoutMs: number, outer: AbortSignal | undefined) {
    this.#timeoutMs = timeoutMs
    this.#outer = outer
    if (outer?.aborted) this.#controller.abort(outer.reason)
    outer?.addEventListener('abort', this.#abort)
    this.touch()
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Something moved; from now on it may be silent for as long again. */
  touch(extraMs = 0): void {
    this.rest()
    // A body may still be read when its request is over.
    if (this.#ended) return
    this.#timer = setTimeout(() => {
      this.#timedOut = true
      this.#controller.abort()
    }, Math.min(this.#timeoutMs + extraMs, 0x7fffffff))
  }

  /** It is not the server that is waited for. */
  rest(): void {
    clearTimeout(this.#timer)
  }

  /** The request is over. */
  end(): void {
    this.#ended = true
    this.rest()
    this.#outer?.removeEventListener('abort', this.#abort)
  }

  /** Gives up what still runs of the request. */
  cancel(): void {
    this.end()
    this.#controller.abort()
  }

  /** The error to throw for one that came out of `fetch` or a body. */
  explain(error: unknown, request: string): unknown {
    if (this.#outer?.aborted) return this.#outer.reason
    if (this.#timedOut) {
      return new RequestTimeoutError(`nothing moved for ${this.#timeoutMs} ms (${request})`, { cause: error })
    }
    if (error instanceof HoldfastError) return error
    return new ConnectionFailedError(`${reason(error)} (${request})`, { cause: error })
  }

  readonly #abort = (): void => this.#controller.abort(this.#outer?.reason)
}

/** What is known of a failed `fetch`: runtimes hide the cause one level down. */
function reason(error: unknown): string {
  const { message, cause } = (error ?? {}) as { message?: string; cause?: { code?: string; message?: string } }
  return [message ?? String(error), cause?.message || cause?.code].filter(Boolean).join(': ')
}

/** Codes that tell that no connection came about, so that the server has seen nothing. */
const UNSENT = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT', 'ConnectionRefused']

/** Whether the server has certainly not seen the request. */
export function isUnsent(error: unknown): boolean {
  if (!(error instanceof ConnectionFailedError)) return false
  const thrown = (error.cause ?? {}) as { code?: string; cause?: { code?: string } }
  return UNSENT.includes(thrown.code ?? '') || UNSENT.includes(thrown.cause?.code ?? '')
}
