"""What went wrong with a request, whichever library it came from: whether another attempt may help, and words for it.

The libraries' own words are not used: they spell the URL, with what is secret in it.
"""

from __future__ import annotations

from grader.errors import printable

PASSING_STATUS = frozenset({408, 425, 429})
"""Answers that are worth another attempt, beside those from 500 on."""
LACKING = ("NoCredentialsError", "PartialCredentialsError", "ProfileNotFound", "NoAuthTokenError")


class NoRangesError(Exception):
    """A server sends files from their beginning only."""


def status_of(error: BaseException) -> int | None:
    """Find the HTTP status behind an error, if there is one."""
    for one in (error, error.__cause__):
        status = getattr(one, "status", None) or getattr(getattr(one, "response", None), "status_code", None)
        if isinstance(status, int):
            return status
    return None


def is_final(error: Exception) -> bool:
    """Whether another attempt would end as this one did."""
    status = status_of(error)
    if status is not None:
        return status < 500 and status not in PASSING_STATUS
    if isinstance(error, FileNotFoundError):
        # fsspec says so of every file of a web server that does not answer; only the cause tells.
        cause = error.__cause__
        return not (isinstance(cause, OSError) or type(cause).__module__.startswith("aiohttp"))
    return (
        isinstance(error, PermissionError | NoRangesError | ValueError | TypeError) or type(error).__name__ in LACKING
    )


def why_of(error: Exception) -> str:
    """Say in a few words what went wrong."""
    status = status_of(error)
    if status is not None:
        return f"HTTP {status}"
    if isinstance(error, NoRangesError):
        return "the server does not send parts of a file"
    if type(error).__name__ in LACKING:
        return "no credentials were found"
    if isinstance(error, FileNotFoundError):
        return "there is no such file" if is_final(error) else "no connection to the server"
    if isinstance(error, PermissionError):
        return "no permission"
    strerror = getattr(error, "strerror", None)
    return printable(f"{type(error).__name__}: {strerror}" if strerror else type(error).__name__)


def remedy_of(error: Exception) -> str:
    """Say what to do about it."""
    if isinstance(error, NoRangesError):
        return "download the file first"
    if isinstance(error, FileNotFoundError) or status_of(error) in (404, 410):
        return "check the URL"
    return "check the URL, and the credentials as the AWS tools or the Hugging Face hub find them"
