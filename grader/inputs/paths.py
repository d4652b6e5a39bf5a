"""From the arguments of a command to the files that they mean."""

from __future__ import annotations

import glob
import os
from pathlib import Path
from typing import TYPE_CHECKING

from grader.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

EXTENSIONS = {".parquet": "parquet", ".jsonl": "json", ".ndjson": "json", ".json": "json", ".csv": "csv"}
_KNOWN = ", ".join(EXTENSIONS)


def resolve(arguments: Sequence[str]) -> list[Path]:
    """Give the input files that files, folders and globs name: arguments in their order, what each holds sorted.

    A folder stands for the input files directly in it. Raises InputError for one missing, unreadable or named twice.
    """
    if not arguments:
        raise InputError("no input was named: give a Parquet, JSON Lines or CSV file, a folder or a glob")
    files = [file for argument in arguments for file in _resolve_one(argument)]
    seen: dict[Path, Path] = {}
    for file in files:
        real = file.resolve()
        if real in seen:
            raise InputError(f"{file}: this input is named twice (as {seen[real]} too); name it once")
        seen[real] = file
    return files


def format_of(path: Path) -> str:
    """Tell the format of an input file by its extension: ``parquet``, ``json`` or ``csv``."""
    try:
        return EXTENSIONS[path.suffix.lower()]
    except KeyError:
        raise InputError(
            f"{path}: inputs end in {_KNOWN}, not in {path.suffix or 'nothing'!r}; convert or rename it"
        ) from None


def _resolve_one(argument: str) -> list[Path]:
    if "://" in argument:
        raise InputError(f"{argument}: remote paths are not supported yet in this version; download the files first")
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


def _in_folder(folder: Path) -> list[Path]:
    try:
        names = sorted(folder.iterdir())
    except OSError as error:
        raise InputError(f"{folder}: this folder cannot be read ({error.strerror})") from error
    # Names that begin with a dot or underscore are other tools' notes: _SUCCESS, .part.crc.
    files = [
        file for file in names if file.suffix.lower() in EXTENSIONS and file.name[0] not in "._" and file.is_file()
    ]
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
    return _readable(files)


def _readable(files: Iterable[Path]) -> list[Path]:
    readable = list(files)
    for file in readable:
        if not file.exists():
            raise InputError(f"{file}: there is no such file; check the path")
        format_of(file)
        if not file.is_file():
            raise InputError(f"{file}: this is not a regular file; inputs are read twice, so a pipe will not do")
        if not os.access(file, os.R_OK):
            raise InputError(f"{file}: no permission to read this file; check it with ls -l")
    return readable
