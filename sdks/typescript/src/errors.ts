/**
 * What can go wrong: errors of this client, and those that the server answers with. The kinds of the latter are classes
 * in `generated/errors.ts`, made from the server's own table; those below stand for a whole status.
 */

/** Every error of this package; but an aborted call throws the signal's own reason. */
export class HoldfastError extends Error {
  override get name(): string {
    return this.constructor.name
  }
}

/** An argument breaks a rule that this client checks itself; nothing was sent. */
export class InvalidArgumentError extends HoldfastError {}

/** The server cannot be reached, or the connection broke. A change may have taken effect. */
export class ConnectionFailedError extends HoldfastError {}

/** No byte moved for as long as the option `timeoutMs` says. A change may have taken effect. */
export class RequestTimeoutError extends HoldfastError {}

/** What the server said. */
export interface ApiErrorDetails {
  /** The HTTP status. */
  status: number
  /** The stable word of the error; `undefined` where the answer came from something in between. */
  kind?: string | undefined
  /** The id of the request, as in the server's log. */
  requestId?: string | undefined
  /** The limit that the message tells of, in its unit. */
  limit?: number | undefined
  /** What is in use of that limit. */
  used?: number | undefined
  /** The header `Retry-After`, in milliseconds. */
  retryAfterMs?: number | undefined
  /** Method and path of the request. */
  request: string
}

/** The server refused or failed. */
export class ApiError extends HoldfastError implements ApiErrorDetails {
  readonly status: number
  readonly kind: string | undefined
  readonly requestId: string | undefined
  readonly limit: number | undefined
  readonly used: number | undefined
  readonly retryAfterMs: number | undefined
  readonly request: string

  constructor(message: string, details: ApiErrorDetails) {
    super(message)
    this.status = details.status
    this.kind = details.kind
    this.requestId = details.requestId
    this.limit = details.limit
    this.used = details.used
    this.retryAfterMs = details.retryAfterMs
    this.request = details.request
  }
}

/** 400: the request breaks a rule; the message says which. */
export class InvalidRequestError extends ApiError {}

/** 403: the key may not do this, or nobody may. */
export class PermissionDeniedError extends ApiError {}

/** 404: no such thing in the key's team. */
export class NotFoundError extends ApiError {}

/** 409: what is there stands against it. */
export class ConflictError extends ApiError {}
