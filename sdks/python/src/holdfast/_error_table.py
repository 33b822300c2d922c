"""One exception class for each kind of error that a server answers.

Generated from the server's table of errors by `generate`; do not edit.
"""
from typing import Dict, Type

from ._errors import ApiError

__all__ = [
    "AccessDeniedError",
    "AttachmentNotFoundError",
    "BelowUsageError",
    "BodyTooLargeError",
    "BusyError",
    "ConflictError",
    "DirectoryNotEmptyError",
    "FilesystemAttachedError",
    "FilesystemNotFoundError",
    "ForbiddenError",
    "InternalError",
    "InvalidBodyError",
    "InvalidFieldError",
    "InvalidHeaderError",
    "InvalidParameterError",
    "InvalidPathError",
    "InvalidRequestError",
    "IsDirectoryError",
    "KeyNotFoundError",
    "MethodNotAllowedError",
    "NameTakenError",
    "NameTooLongError",
    "NotARegularFileError",
    "NotDirectoryError",
    "NotFoundError",
    "PathExistsError",
    "PathNotFoundError",
    "PermissionDeniedError",
    "PreconditionFailedError",
    "QuotaExceededError",
    "RangeNotSatisfiableError",
    "RouteNotFoundError",
    "SnapshotNotFoundError",
    "TeamLimitReachedError",
    "TeamNotFoundError",
    "TimedOutError",
    "TooManyAttachmentsError",
    "TooManyRequestsError",
    "TooManySnapshotsError",
    "TooManySymlinksError",
    "UnauthorizedError",
    "UnavailableError",
    "UnsupportedEncodingError",
    "UploadTimedOutError",
]


class InvalidRequestError(ApiError):
    """The request breaks a rule (400); the message says which."""


class PermissionDeniedError(ApiError):
    """The key may not do this, or nobody may (403)."""


class NotFoundError(ApiError):
    """There is no such thing in the key's team (404)."""


class ConflictError(ApiError):
    """What is there stands against it (409)."""


class InvalidBodyError(InvalidRequestError):
    """`invalid_body` (400): The body is not the JSON that the route takes."""


class InvalidFieldError(InvalidRequestError):
    """`invalid_field` (400): A field of the body breaks its rule."""


class InvalidParameterError(InvalidRequestError):
    """`invalid_parameter` (400): A query parameter is unknown or breaks its rule."""


class InvalidHeaderError(InvalidRequestError):
    """`invalid_header` (400): A header breaks its rule."""


class InvalidPathError(InvalidRequestError):
    """`invalid_path` (400): The file path breaks a rule."""


class IsDirectoryError(InvalidRequestError):
    """`is_a_directory` (400): A directory stands where a file is needed: asking differently helps, so this is the
    request's fault.
    """


class NotDirectoryError(InvalidRequestError):
    """`not_a_directory` (400): A file stands where a directory is needed."""


class NotARegularFileError(InvalidRequestError):
    """`not_a_regular_file` (400): A pipe, socket or device has no content to transfer."""


class TooManySymlinksError(InvalidRequestError):
    """`too_many_symlinks` (400): Symbolic links lead round in a circle, or nearly."""


class NameTooLongError(InvalidRequestError):
    """`name_too_long` (400): A name or path met on the way is too long."""


class UnauthorizedError(ApiError):
    """`unauthorized` (401): No key, or none that opens anything. One answer for both, so that keys cannot be probed
    for.
    """


class ForbiddenError(PermissionDeniedError):
    """`forbidden` (403): The key is good and may not do this."""


class TeamLimitReachedError(PermissionDeniedError):
    """`team_limit_reached` (403): A limit over all of the team's filesystems is reached."""


class AccessDeniedError(PermissionDeniedError):
    """`access_denied` (403): The volume does not allow the change to anybody."""


class RouteNotFoundError(NotFoundError):
    """`route_not_found` (404): No such route."""


class FilesystemNotFoundError(NotFoundError):
    """`filesystem_not_found` (404): No such filesystem in the key's team; another team's is in this class."""


class TeamNotFoundError(NotFoundError):
    """`team_not_found` (404): No such team."""


class KeyNotFoundError(NotFoundError):
    """`key_not_found` (404): No such key."""


class SnapshotNotFoundError(NotFoundError):
    """`snapshot_not_found` (404): The filesystem has no such snapshot."""


class AttachmentNotFoundError(NotFoundError):
    """`attachment_not_found` (404): The filesystem has no such attachment, or it has ended."""


class PathNotFoundError(NotFoundError):
    """`path_not_found` (404): No such file or directory."""


class MethodNotAllowedError(ApiError):
    """`method_not_allowed` (405): The route exists with other methods."""


class UploadTimedOutError(ApiError):
    """`upload_timed_out` (408): The client sent nothing for too long."""


class NameTakenError(ConflictError):
    """`name_taken` (409): The name is taken in the team."""


class BelowUsageError(ConflictError):
    """`below_usage` (409): The new size is below what is in use."""


class TooManySnapshotsError(ConflictError):
    """`too_many_snapshots` (409): The filesystem has all the snapshots that it may have."""


class FilesystemAttachedError(ConflictError):
    """`filesystem_attached` (409): The filesystem has attachments."""


class TooManyAttachmentsError(ConflictError):
    """`too_many_attachments` (409): The filesystem has all the attachments that it may have."""


class PathExistsError(ConflictError):
    """`path_exists` (409): The path exists already."""


class DirectoryNotEmptyError(ConflictError):
    """`directory_not_empty` (409): The directory is not empty."""


class BusyError(ConflictError):
    """`busy` (409): In use in a way that forbids the operation."""


class PreconditionFailedError(ApiError):
    """`precondition_failed` (412): `If-Match` or `If-None-Match` does not hold."""


class BodyTooLargeError(ApiError):
    """`body_too_large` (413): The body is larger than the route takes."""


class UnsupportedEncodingError(ApiError):
    """`unsupported_encoding` (415): The body is encoded in a way that the route does not take."""


class RangeNotSatisfiableError(ApiError):
    """`range_not_satisfiable` (416): No byte of the range exists."""


class TooManyRequestsError(ApiError):
    """`too_many_requests` (429): The key asks more often than it may."""


class InternalError(ApiError):
    """`internal` (500): The server or its storage failed."""


class UnavailableError(ApiError):
    """`unavailable` (503): Something behind the server does not answer; trying again may help."""


class TimedOutError(ApiError):
    """`timed_out` (504): The answer took too long; the operation may still be carried out."""


class QuotaExceededError(ApiError):
    """`quota_exceeded` (507): The filesystem's limit of bytes or inodes is reached."""


KINDS: Dict[str, Type[ApiError]] = {
    "invalid_body": InvalidBodyError,
    "invalid_field": InvalidFieldError,
    "invalid_parameter": InvalidParameterError,
    "invalid_header": InvalidHeaderError,
    "invalid_path": InvalidPathError,
    "is_a_directory": IsDirectoryError,
    "not_a_directory": NotDirectoryError,
    "not_a_regular_file": NotARegularFileError,
    "too_many_symlinks": TooManySymlinksError,
    "name_too_long": NameTooLongError,
    "unauthorized": UnauthorizedError,
    "forbidden": ForbiddenError,
    "team_limit_reached": TeamLimitReachedError,
    "access_denied": AccessDeniedError,
    "route_not_found": RouteNotFoundError,
    "filesystem_not_found": FilesystemNotFoundError,
    "team_not_found": TeamNotFoundError,
    "key_not_found": KeyNotFoundError,
    "snapshot_not_found": SnapshotNotFoundError,
    "attachment_not_found": AttachmentNotFoundError,
    "path_not_found": PathNotFoundError,
    "method_not_allowed": MethodNotAllowedError,
    "upload_timed_out": UploadTimedOutError,
    "name_taken": NameTakenError,
    "below_usage": BelowUsageError,
    "too_many_snapshots": TooManySnapshotsError,
    "filesystem_attached": FilesystemAttachedError,
    "too_many_attachments": TooManyAttachmentsError,
    "path_exists": PathExistsError,
    "directory_not_empty": DirectoryNotEmptyError,
    "busy": BusyError,
    "precondition_failed": PreconditionFailedError,
    "body_too_large": BodyTooLargeError,
    "unsupported_encoding": UnsupportedEncodingError,
    "range_not_satisfiable": RangeNotSatisfiableError,
    "too_many_requests": TooManyRequestsError,
    "internal": InternalError,
    "unavailable": UnavailableError,
    "timed_out": TimedOutError,
    "quota_exceeded": QuotaExceededError,
}
STATUSES: Dict[int, Type[ApiError]] = {
    400: InvalidRequestError,
    401: UnauthorizedError,
    403: PermissionDeniedError,
    404: NotFoundError,
    405: MethodNotAllowedError,
    408: UploadTimedOutError,
    409: ConflictError,
    412: PreconditionFailedError,
    413: BodyTooLargeError,
    415: UnsupportedEncodingError,
    416: RangeNotSatisfiableError,
    429: TooManyRequestsError,
    500: InternalError,
    503: UnavailableError,
    504: TimedOutError,
    507: QuotaExceededError,
}
