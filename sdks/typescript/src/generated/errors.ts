// Made by scripts/generate.mjs from what the server declares. Do not edit: run `npm run generate`.

import { ApiError, ConflictError, InvalidRequestError, NotFoundError, PermissionDeniedError } from '../errors.js'

/** 400: The body is not the JSON that the route takes. */
export class InvalidBodyError extends InvalidRequestError {}

/** 400: A field of the body breaks its rule. */
export class InvalidFieldError extends InvalidRequestError {}

/** 400: A query parameter is unknown or breaks its rule. */
export class InvalidParameterError extends InvalidRequestError {}

/** 400: A header breaks its rule. */
export class InvalidHeaderError extends InvalidRequestError {}

/** 400: The file path breaks a rule. */
export class InvalidPathError extends InvalidRequestError {}

/** 400: A directory stands where a file is needed: asking differently helps, so this is the request's fault. */
export class IsADirectoryError extends InvalidRequestError {}

/** 400: A file stands where a directory is needed. */
export class NotADirectoryError extends InvalidRequestError {}

/** 400: A pipe, socket or device has no content to transfer. */
export class NotARegularFileError extends InvalidRequestError {}

/** 400: Symbolic links lead round in a circle, or nearly. */
export class TooManySymlinksError extends InvalidRequestError {}

/** 400: A name or path met on the way is too long. */
export class NameTooLongError extends InvalidRequestError {}

/** 401: No key, or none that opens anything. One answer for both, so that keys cannot be probed for. */
export class UnauthorizedError extends ApiError {}

/** 403: The key is good and may not do this. */
export class ForbiddenError extends PermissionDeniedError {}

/** 403: A limit over all of the team's filesystems is reached. */
export class TeamLimitReachedError extends PermissionDeniedError {}

/** 403: The volume does not allow the change to anybody. */
export class AccessDeniedError extends PermissionDeniedError {}

/** 404: No such route. */
export class RouteNotFoundError extends NotFoundError {}

/** 404: No such filesystem in the key's team; another team's is in this class. */
export class FilesystemNotFoundError extends NotFoundError {}

/** 404: No such team. */
export class TeamNotFoundError extends NotFoundError {}

/** 404: No such key. */
export class KeyNotFoundError extends NotFoundError {}

/** 404: The filesystem has no such snapshot. */
export class SnapshotNotFoundError extends NotFoundError {}

/** 404: The filesystem has no such attachment, or it has ended. */
export class AttachmentNotFoundError extends NotFoundError {}

/** 404: No such file or directory. */
export class PathNotFoundError extends NotFoundError {}

/** 405: The route exists with other methods. */
export class MethodNotAllowedError extends ApiError {}

/** 408: The client sent nothing for too long. */
export class UploadTimedOutError extends ApiError {}

/** 409: The name is taken in the team. */
export class NameTakenError extends ConflictError {}

/** 409: The new size is below what is in use. */
export class BelowUsageError extends ConflictError {}

/** 409: The filesystem has all the snapshots that it may have. */
export class TooManySnapshotsError extends ConflictError {}

/** 409: The filesystem has attachments. */
export class FilesystemAttachedError extends ConflictError {}

/** 409: The filesystem has all the attachments that it may have. */
export class TooManyAttachmentsError extends ConflictError {}

/** 409: The path exists already. */
export class PathExistsError extends ConflictError {}

/** 409: The directory is not empty. */
export class DirectoryNotEmptyError extends ConflictError {}

/** 409: In use in a way that forbids the operation. */
export class BusyError extends ConflictError {}

/** 412: `If-Match` or `If-None-Match` does not hold. */
export class PreconditionFailedError extends ApiError {}

/** 413: The body is larger than the route takes. */
export class BodyTooLargeError extends ApiError {}

/** 415: The body is encoded in a way that the route does not take. */
export class UnsupportedEncodingError extends ApiError {}

/** 416: No byte of the range exists. */
export class RangeNotSatisfiableError extends ApiError {}

/** 429: The key asks more often than it may. */
export class TooManyRequestsError extends ApiError {}

/** 500: The server or its storage failed. */
export class InternalError extends ApiError {}

/** 503: Something behind the server does not answer; trying again may help. */
export class UnavailableError extends ApiError {}

/** 504: The answer took too long; the operation may still be carried out. */
export class TimedOutError extends ApiError {}

/** 507: The filesystem's limit of bytes or inodes is reached. */
export class QuotaExceededError extends ApiError {}

/** Every kind of error: its class and the status of its answers. */
export const errorKinds = {
  invalid_body: { errorClass: InvalidBodyError, status: 400 },
  invalid_field: { errorClass: InvalidFieldError, status: 400 },
  invalid_parameter: { errorClass: InvalidParameterError, status: 400 },
  invalid_header: { errorClass: InvalidHeaderError, status: 400 },
  invalid_path: { errorClass: InvalidPathError, status: 400 },
  is_a_directory: { errorClass: IsADirectoryError, status: 400 },
  not_a_directory: { errorClass: NotADirectoryError, status: 400 },
  not_a_regular_file: { errorClass: NotARegularFileError, status: 400 },
  too_many_symlinks: { errorClass: TooManySymlinksError, status: 400 },
  name_too_long: { errorClass: NameTooLongError, status: 400 },
  unauthorized: { errorClass: UnauthorizedError, status: 401 },
  forbidden: { errorClass: ForbiddenError, status: 403 },
  team_limit_reached: { errorClass: TeamLimitReachedError, status: 403 },
  access_denied: { errorClass: AccessDeniedError, status: 403 },
  route_not_found: { errorClass: RouteNotFoundError, status: 404 },
  filesystem_not_found: { errorClass: FilesystemNotFoundError, status: 404 },
  team_not_found: { errorClass: TeamNotFoundError, status: 404 },
  key_not_found: { errorClass: KeyNotFoundError, status: 404 },
  snapshot_not_found: { errorClass: SnapshotNotFoundError, status: 404 },
  attachment_not_found: { errorClass: AttachmentNotFoundError, status: 404 },
  path_not_found: { errorClass: PathNotFoundError, status: 404 },
  method_not_allowed: { errorClass: MethodNotAllowedError, status: 405 },
  upload_timed_out: { errorClass: UploadTimedOutError, status: 408 },
  name_taken: { errorClass: NameTakenError, status: 409 },
  below_usage: { errorClass: BelowUsageError, status: 409 },
  too_many_snapshots: { errorClass: TooManySnapshotsError, status: 409 },
  filesystem_attached: { errorClass: FilesystemAttachedError, status: 409 },
  too_many_attachments: { errorClass: TooManyAttachmentsError, status: 409 },
  path_exists: { errorClass: PathExistsError, status: 409 },
  directory_not_empty: { errorClass: DirectoryNotEmptyError, status: 409 },
  busy: { errorClass: BusyError, status: 409 },
  precondition_failed: { errorClass: PreconditionFailedError, status: 412 },
  body_too_large: { errorClass: BodyTooLargeError, status: 413 },
  unsupported_encoding: { errorClass: UnsupportedEncodingError, status: 415 },
  range_not_satisfiable: { errorClass: RangeNotSatisfiableError, status: 416 },
  too_many_requests: { errorClass: TooManyRequestsError, status: 429 },
  internal: { errorClass: InternalError, status: 500 },
  unavailable: { errorClass: UnavailableError, status: 503 },
  timed_out: { errorClass: TimedOutError, status: 504 },
  quota_exceeded: { errorClass: QuotaExceededError, status: 507 },
} as const

/** The field `error` of the server's errors. */
export type ErrorKind = keyof typeof errorKinds
