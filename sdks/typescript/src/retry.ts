/**
 * When a call is repeated, and after how long.
 *
 * The server has no idempotency keys. So what changes something is repeated only where the server has certainly done
 * nothing: no connection came about, or it answered 429. What may be done twice without harm (reading, and replacing a whole
 * file unconditionally) is repeated after lost connections, silence, and 502 to 504 as well.
 */
import { ApiError, ConnectionFailedError, RequestTimeoutError } from './errors.js'
import { isUnsent } from './watch.js'

/** `always`: the request may be carried out twice without harm. `unsent`: it may not. */
export type Repeatable = 'always' | 'unsent'

const FIRST_WAIT_MS = 100
const LONGEST_WAIT_MS = 5_000
/** A server that asks for a longer wait than this is taken at its word: the error is thrown. */
const LONGEST_RETRY_AFTER_MS = 60_000
const TRANSIENT_STATUSES = [502, 503, 504]

/** How long to wait before the request is sent again; `undefined` where it must not be. `tries` counts from 0. */
export function waitMs(error: unknown, repeatable: Repeatable, tries: number, random = Math.random): number | undefined {
  if (!mayRepeat(error, repeatable)) return undefined
  // Full jitter, so that many clients do not come back together.
  const backoff = random() * Math.min(FIRST_WAIT_MS * 2 ** tries, LONGEST_WAIT_MS)
  const asked = error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0
  return asked > LONGEST_RETRY_AFTER_MS ? undefined : asked + backoff
}

function mayRepeat(error: unknown, repeatable: Repeatable): boolean {
  if (error instanceof ApiError) {
    return error.status === 429 || (repeatable === 'always' && TRANSIENT_STATUSES.includes(error.status))
  }
  if (error instanceof RequestTimeoutError || error instanceof ConnectionFailedError) {
    return repeatable === 'always' || isUnsent(error)
  }
  return false
}

/** Waits; an abort ends it with the signal's reason. */
export function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const aborted = (): void => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', aborted)
      resolve()
    }, ms)
    if (signal?.aborted) aborted()
    else signal?.addEventListener('abort', aborted, { once: true })
  })
}
