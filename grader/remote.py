"""Files behind URLs: ``s3://`` in and out, ``hf://`` and ``https://`` in, through fsspec, which has the credentials.

Every request is tried a bounded number of times. Names in messages hold no password and no signature of a URL.
"""

from __future__ import annotations

import io
import logging
import re
import shutil
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, TypeAlias, TypeVar
from urllib.parse import unquote, urlsplit

from grader.errors import EnvironmentStop, InputError, UsageError, printable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Place: TypeAlias = "Path | RemotePath"
    """Where a file is: here, or behind a URL."""

SCHEMES = ("s3", "hf", "https", "http")
LISTED = ("s3", "hf")
"""Schemes whose folders can be listed."""
ATTEMPTS = 5
FIRST_WAIT_S = 0.5
"""Before the second attempt; each further wait is twice as long."""
BLOCK_BYTES = 2 << 20
BLOCKS_KEPT = 48
UPLOAD_BYTES = 16 << 20
PASSING_STATUS = frozenset({408, 425, 429})
"""Answers that are worth another attempt, beside those from 500 on."""
LACKING = ("NoCredentialsError", "PartialCredentialsError", "ProfileNotFound", "NoAuthTokenError")
Answer = TypeVar("Answer")
_LOG = logging.getLogger(__name__)


def is_remote(text: str) -> bool:
    """Whether an argument is a URL."""
    return "://" in text


def redacted(text: str) -> str:
    """Hide what may be secret in the URLs of a text: user and password, and the query, which may be a signature."""
    text = re.sub(r"(\w+://)[^/\s@]*@", r"\1***@", text)
    return re.sub(r"(https?://[^?\s]*)\?\S*", r"\1?***", text)


class RemoteStat(NamedTuple):
    """What a server says of a file: its bytes, and what changes with its content (an ETag, a hash, a date), or None."""

    st_size: int
    version: str | None


class RemotePath:
    """A file behind a URL, with what inputs and outputs use of ``pathlib.Path``.

    Methods raise InputError where the server refuses for good, and EnvironmentStop where it does not answer.
    """

    def __init__(self, url: str) -> None:
        """Raises UsageError for a URL that is none of ``SCHEMES``."""
        self.url = url
        self.scheme = url.partition("://")[0].lower()
        if self.scheme not in SCHEMES:
            raise UsageError(f"{self}: remote files are s3://, hf:// and https://; download it first")
        path = urlsplit(url).path if self.scheme.startswith("http") else url.partition("://")[2]
        self.name = unquote(path.rstrip("/").rpartition("/")[2])

    def __str__(self) -> str:
        return redacted(self.url)

    def __repr__(self) -> str:
        return f"RemotePath({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RemotePath) and other.url == self.url

    def __hash__(self) -> int:
        return hash(self.url)

    @property
    def suffix(self) -> str:
        """The ending of the name, as ``pathlib`` gives it."""
        stem, dot, ending = self.name.rpartition(".")
        return f".{ending}" if dot and stem else ""

    def stat(self) -> RemoteStat:
        """Ask the server what the file is now."""
        return _stat(self._info())

    def exists(self) -> bool:
        """Whether there is such a file."""
        return self._info(absent={}) != {}

    def open(self, _: str = "rb") -> BinaryIO:
        """Open the file for reading, at any place of it."""
        return io.BufferedReader(_Reader(self, self.stat().st_size), BLOCK_BYTES)

    def is_dir(self) -> bool:
        """Whether this is a folder: a bucket, a repository, or the beginning of longer names."""
        if self.scheme not in LISTED:
            return False
        return self._info(absent={}).get("type") == "directory"

    def files(self) -> list[RemotePath]:
        """List the files of a folder, those of its subfolders left out, sorted."""
        return self._listed(
            lambda files, path: [one["name"] for one in files.ls(path, detail=True) if one["type"] == "file"]
        )

    def glob(self) -> list[RemotePath]:
        """List the files that the URL matches as a pattern, sorted."""

        def find(files: Any, path: str) -> list[str]:
            found = files.glob(path, detail=True)
            return [name for name, info in found.items() if info["type"] == "file"]

        return self._listed(find)

    def put(self, local: Path) -> None:
        """Upload a file; it is seen when it is whole."""

        def upload(files: Any, path: str) -> None:
            with local.open("rb") as source:
                target = files.open(path, "wb", block_size=UPLOAD_BYTES, autocommit=False)
                try:
                    shutil.copyfileobj(source, target, UPLOAD_BYTES)
                    target.close()
                    target.commit()
                except BaseException:
                    with suppress(Exception):
                        target.discard()
                    raise

        self.attempt(upload)
        if (there := self.stat().st_size) != (here := local.stat().st_size):
            raise EnvironmentStop(f"{self}: {there} of {here} bytes arrived; run the same command again")

    def check_writable(self) -> None:
        """Raise UsageError where nothing can be written, as far as can be told without writing."""
        if self.scheme != "s3":
            raise UsageError(f"{self}: reports are written to local files and to s3://")
        bucket = RemotePath("s3://" + self.url.partition("://")[2].partition("/")[0])
        if not bucket.exists():
            raise UsageError(f"{self}: there is no bucket {bucket.name}, or no permission to see it; create it first")

    def _listed(self, find: Callable[[Any, str], list[str]]) -> list[RemotePath]:
        return [RemotePath(f"{self.scheme}://{name}") for name in sorted(self.attempt(find))]

    def _info(self, absent: dict[str, Any] | None = None) -> dict[str, Any]:
        def ask(files: Any, path: str) -> dict[str, Any]:
            files.invalidate_cache()
            try:
                found: dict[str, Any] = files.info(path)
            except FileNotFoundError as error:
                if absent is None or not _is_final(error):
                    raise
                return absent
            return found

        return self.attempt(ask)

    def attempt(self, act: Callable[[Any, str], Answer]) -> Answer:
        """Call ``act`` with the file system and the path in it, again where the network or the server failed it."""
        wait = FIRST_WAIT_S
        for left in reversed(range(ATTEMPTS)):
            try:
                return act(*self._place())
            except (EnvironmentStop, InputError):
                raise
            except Exception as error:  # noqa: BLE001 each library below has its own errors
                # `from None`: the errors of the libraries spell the URL, with what is secret in it.
                why = _why(error)
                if _is_final(error):
                    raise InputError(f"{self}: {why}; {_remedy(error)}") from None
                if not left:
                    raise EnvironmentStop(
                        f"{self}: the server failed {ATTEMPTS} times, the last time with {why}; run the same command "
                        "again later"
                    ) from None
                _LOG.warning("%s: %s; trying again", self, why)
            time.sleep(wait)
            wait *= 2
        raise AssertionError("the last attempt returns or raises")

    def _place(self) -> tuple[Any, str]:
        try:
            from fsspec.core import url_to_fs  # noqa: PLC0415 local files need no fsspec

            files, path = url_to_fs(self.url)
        except ImportError as error:
            package = f" ({error.name})" if error.name else ""
            raise UsageError(
                f"{self}: a package that reads {self.scheme}:// is missing{package}; pip install 'math-grader[remote]'"
            ) from None
        return files, path


class _Reader(io.RawIOBase):
    """Reads by ranges. Keeps some blocks: the columns of a Parquet file are read side by side."""

    def __init__(self, place: RemotePath, size: int) -> None:
        self._place = place
        self._size = size
        self._at = 0
        self._blocks: dict[int, bytes] = {}
        self._file: Any = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def readinto(self, buffer: Any) -> int:
        number, offset = divmod(self._at, BLOCK_BYTES)
        if self._at >= self._size or not len(buffer):
            return 0
        found = memoryview(self._block(number))[offset : offset + len(buffer)]
        buffer[: len(found)] = found
        self._at += len(found)
        return len(found)

    def _block(self, number: int) -> bytes:
        block = self._blocks.pop(number, None)
        if block is None:
            start = number * BLOCK_BYTES
            end = min(start + BLOCK_BYTES, self._size)
            block = self._place.attempt(lambda files, path: self._fetch(files, path, start, end))
            if len(self._blocks) >= BLOCKS_KEPT:
                del self._blocks[next(iter(self._blocks))]
        self._blocks[number] = block  # the youngest stands last
        return block

    def _fetch(self, files: Any, path: str, start: int, end: int) -> bytes:
        """Ask for one range, through a file that was opened anew after a failure."""
        file, self._file = self._file or files.open(path, "rb", cache_type="none"), None
        try:
            file.seek(start)
            data: bytes = file.read(end - start)
        except ValueError:  # of fsspec, where an answer is not the range that was asked for
            raise NoRangesError from None
        if len(data) != end - start:
            raise ConnectionError
        self._file = file
        return data


class NoRangesError(Exception):
    """A server sends files from their beginning only."""


def _stat(info: dict[str, Any]) -> RemoteStat:
    if info.get("size") is None:
        raise NoRangesError
    tags = ("ETag", "blob_id", "Content-MD5", "Digest", "LastModified", "Last-Modified")
    version = next((str(info[tag]) for tag in tags if info.get(tag)), None)
    return RemoteStat(int(info["size"]), version)


def _status(error: BaseException) -> int | None:
    """Find the HTTP status behind an error, if there is one."""
    for one in (error, error.__cause__):
        status = getattr(one, "status", None) or getattr(getattr(one, "response", None), "status_code", None)
        if isinstance(status, int):
            return status
    return None


def _is_final(error: Exception) -> bool:
    """Whether another attempt would end as this one did."""
    status = _status(error)
    if status is not None:
        return status < 500 and status not in PASSING_STATUS
    if isinstance(error, FileNotFoundError):
        # fsspec says so of every file of a web server that does not answer; only the cause tells.
        cause = error.__cause__
        return not (isinstance(cause, OSError) or type(cause).__module__.startswith("aiohttp"))
    return (
        isinstance(error, PermissionError | NoRangesError | ValueError | TypeError) or type(error).__name__ in LACKING
    )


def _why(error: Exception) -> str:
    """Say in a few words what went wrong: never in those of the library, which spell the URL."""
    status = _status(error)
    if status is not None:
        return f"HTTP {status}"
    if isinstance(error, NoRangesError):
        return "the server does not send parts of a file, or does not tell its size"
    if type(error).__name__ in LACKING:
        return "no credentials were found"
    if isinstance(error, FileNotFoundError):
        return "there is no such file"
    if isinstance(error, PermissionError):
        return "no permission"
    strerror = getattr(error, "strerror", None)
    return printable(f"{type(error).__name__}: {strerror}" if strerror else type(error).__name__)


def _remedy(error: Exception) -> str:
    if isinstance(error, NoRangesError):
        return "download the file first"
    if isinstance(error, FileNotFoundError) or _status(error) in (404, 410):
        return "check the URL"
    return "check the URL, and the credentials as the AWS tools or the Hugging Face hub find them"
