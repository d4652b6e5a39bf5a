"""From the arguments of a command to the files that they mean."""

from __future__ import annotations

import glob
import os
from pathlib import Path
from typing import TYPE_CHECKING

from grader.errors import InputError, check_utf8
from grader.remote import LISTED, RemotePath, is_remote

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from grader.remote import Place

EXTENSIONS = {".parquet": "parquet", ".jsonl": "json", ".ndjson": "json", ".json": "json", ".csv": "csv"}
REMEDIES = {
    ".tsv": "write it with commas in place of tabs",
    ".gz": "unpack it with gunzip",
    ".zst": "unpack it with zstd -d",
    ".bz2": "unpack it with bunzip2",
    ".xz": "unpack it with unxz",
    ".zip": "unpack it with unzip",
}
_KNOWN = ", ".join(EXTENSIONS)


def resolve(arguments: Sequence[str]) -> list[Place]:
    """Give the input files that files, folders, globs and URLs name: arguments in their order, what each holds sorted.

    A folder stands for the input files directly in it. Raises InputError for one missing, unreadable or named twice.
    """
    if not arguments:
        raise InputError("no input was named: give a Parquet, JSON Lines or CSV file, a folder or a glob")
    files = [file for argument in arguments for file in _resolve_one(argument)]
    seen: dict[Place, Place] = {}
    for file in files:
        real = file if isinstance(file, RemotePath) else file.resolve()
        if real in seen:
            raise InputError(f"{file}: this input is named twice (as {seen[real]} too); name it once")
        seen[real] = file
    return files


def format_of(path: Place) -> str:
    """Tell the format of an input file by its extension: ``parquet``, ``json`` or ``csv``."""
    try:
        return EXTENSIONS[path.suffix.lower()]
    except KeyError:
        remedy = REMEDIES.get(path.suffix.lower(), "convert or rename it")
        raise InputError(f"{path}: inputs end in {_KNOWN}, not in {path.suffix or 'nothing'!r}; {remedy}") from None


def _resolve_one(argument: str) -> list[Place]:
    if is_remote(argument):
        return _resolve_remote(RemotePath(argument))
    path = Path(argument)
    if path.is_dir():
        return _in_folder(path)
    if not path.exists() and glob.has_magic(argument):
        found = sorted(Path(name) for name in glob.glob(argument, recursive=True))  # noqa: PTH207 Path.glob knows no absolute pattern
        found = [file for file in found if not file.is_dir()]
        if not found:
            raise InputError(f"{argument}: no file matches this pattern; quote it, and look at the folder with ls")
        return _readable(found)
    return _readable([path])


def _resolve_remote(place: RemotePath) -> list[Place]:
    """Give the files of a URL. Whether each is there is asked when it is opened: here, thousands would cost minutes."""
    if place.scheme in LISTED and glob.has_magic(place.url):
        found: list[Place] = [*place.glob()]
        if not found:
            raise InputError(f"{place}: no file matches this pattern; quote it, and look at what is there")
        for file in found:
            format_of(file)
        return found
    if place.suffix.lower() not in EXTENSIONS and place.is_dir():
        return _inputs_among(place, place.files())
    format_of(place)
    return [place]


def _in_folder(folder: Path) -> list[Place]:
    try:
        names = sorted(folder.iterdir())
    except OSError as error:
        raise InputError(f"{folder}: this folder cannot be read ({error.strerror})") from error
    return _readable(_inputs_among(folder, [file for file in names if file.is_file()]))


def _inputs_among(folder: Place, names: Sequence[Place]) -> list[Place]:
    # Names that begin with a dot or underscore are other tools' notes: _SUCCESS, .part.crc.
    files = [file for file in names if file.suffix.lower() in EXTENSIONS and file.name[0] not in "._"]
    if not files:
        raise InputError(
            f"{folder}: this folder holds no input ({_KNOWN}); subfolders are not searched, "
            f"name them as in '{folder}/**/*.parquet'"
        )
    kinds = sorted({file.suffix.lower() for file in files})
    if len(kinds) > 1:
        raise InputError(
            f"{folder}: this folder holds {' and '.join(kinds)} files; "
            f"say which to grade, as in '{folder}/*{kinds[-1]}'"
        )
    return files


def _readable(files: Iterable[Place]) -> list[Place]:
    readable = list(files)
    for file in readable:
        check_utf8(str(file))
        assert isinstance(file, Path), "URLs are looked at when they are opened"
        if not file.exists():
            raise InputError(f"{file}: there is no such file; check the path")
        format_of(file)
        if not file.is_file():
            raise InputError(f"{file}: this is not a regular file; inputs are read twice, so a pipe will not do")
        if not os.access(file, os.R_OK):
            raise InputError(f"{file}: no permission to read this file; check it with ls -l")
    return readable
