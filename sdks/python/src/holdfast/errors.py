"""Every exception of this package: `HoldfastError` and what is below it.

`ApiError` and its classes are the server's answers, one class for each kind, with `kind`, `status`, `message` and
`request_id`. `ConnectionFailedError` and `RequestTimeoutError` mean that no whole answer came.
"""
from . import _error_table, _errors
from ._error_table import *  # noqa: F403
from ._errors import *  # noqa: F403

__all__ = [*_errors.__all__, *_error_table.__all__]
