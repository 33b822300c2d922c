/** From an answer that is no success to its error. Total: what is unknown becomes the class of its status. */
import { ApiError, ConflictError, InvalidRequestError, NotFoundError, PermissionDeniedError } from './errors.js'
import type { ApiErrorDetails } from './errors.js'
import { errorKinds } from './generated/errors.js'
import type { ErrorBody } from './generated/types.js'

type ErrorClass = new (message: string, details: ApiErrorDetails) => ApiError

const BY_STATUS: Record<number, ErrorClass> = {
  400: InvalidRequestError,
  403: PermissionDeniedError,
  404: NotFoundError,
  409: ConflictError,
}
/** Longest text of an answer that is not the server's own, characters. */
const FOREIGN_TEXT_MAX = 200

/** The error of an answer. Reads the body. */
export async function refusal(response: Response, request: string): Promise<ApiError> {
  // The status says enough where the body is lost.
  const text = await response.text().catch(() => '')
  const body = parse(text)
  const kind = typeof body.error === 'string' ? body.error : undefined
  const message = body.message ?? (text.trim().slice(0, FOREIGN_TEXT_MAX) || `status ${response.status}`)
  const details: ApiErrorDetails = {
    status: response.status,
    kind,
    requestId: response.headers.get('x-request-id') ?? undefined,
    limit: body.limit ?? undefined,
    used: body.used ?? undefined,
    retryAfterMs: retryAfterMs(response.headers.get('retry-after')),
    request,
  }
  const Refusal = classOf(kind, response.status)
  return new Refusal(`${message} (${request}: ${response.status}${kind ? ` ${kind}` : ''})`, details)
}

function classOf(kind: string | undefined, status: number): ErrorClass {
  if (kind !== undefined && Object.hasOwn(errorKinds, kind)) return errorKinds[kind as keyof typeof errorKinds].errorClass
  const ofStatus = Object.values(errorKinds).filter((row) => row.status === status)
  return BY_STATUS[status] ?? (ofStatus.length === 1 ? ofStatus[0]?.errorClass : undefined) ?? ApiError
}

function parse(text: string): Partial<ErrorBody> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}

/** Seconds, or a date (RFC 9110 section 10.2.3). */
export function retryAfterMs(header: string | null): number | undefined {
  if (header === null) return undefined
  const seconds = Number(header)
  const wait = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - Date.now()
  return Number.isNaN(wait) ? undefined : Math.max(0, wait)
}
