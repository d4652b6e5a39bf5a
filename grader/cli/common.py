"""What every command shares: a parser with the same manners, and errors turned into messages and exit codes."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.cli.streams import open_streams
from grader.errors import EnvironmentStop, GraderError, UsageError, check_utf8
from grader.remote import RemotePath, is_remote, redacted
from grader.types import Split
from grader.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

    from grader.remote import Place


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one line and the remedy, exit 2, and that accepts no abbreviations."""

    def __init__(self, prog: str, description: str) -> None:
        super().__init__(prog=prog, description=description, allow_abbrev=False)
        self.add_argument("--version", action="version", version=f"%(prog)s {__version__}")

    def error(self, message: str) -> NoReturn:
        """Print the message and leave with exit code 2."""
        raise UsageError(f"{message} (see {self.prog} --help)")


def run_command(prog: str, command: Callable[[list[str]], int], argv: list[str] | None) -> int:
    """Run a command and give its exit code: errors raised on purpose become one message on stderr.

    Source of the codes: docs/report-format.md.
    """
    open_streams()
    try:
        try:
            code = command(sys.argv[1:] if argv is None else argv)
        finally:
            sys.stdout.flush()
    except GraderError as error:
        print(f"{prog}: {redacted(str(error))}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print(f"{prog}: interrupted", file=sys.stderr)
        return 130
    except OSError as error:
        print(f"{prog}: writing stopped ({error.strerror}); make room and run it again", file=sys.stderr)
        return EnvironmentStop.exit_code
    return code


def file_name(text: str) -> Path:
    """Read the value of an option that names a file to write."""
    place = output_place(text)
    if isinstance(place, RemotePath):
        raise argparse.ArgumentTypeError(f"{place} is not a local file: name one")
    return place


def output_place(text: str) -> Place:
    """Read the value of an option that names a file to write, which may be behind a URL."""
    if not text:
        raise argparse.ArgumentTypeError("its name is empty: name a file")
    return RemotePath(text) if is_remote(text) else Path(check_utf8(text))


class _ToSplits(argparse.Action):
    """Gather the values of ``--to NAME=FILE``: a file for each split that is named."""

    def __call__(
        self, parser: argparse.ArgumentParser, options: argparse.Namespace, value: Any, option: str | None = None
    ) -> None:
        """Take one value."""
        name, equals, file = value.partition("=")
        if name not in tuple(Split) or not (equals and file):
            parser.error(f"argument {option}: {redacted(value)!r} is not NAME=FILE with NAME one of {', '.join(Split)}")
        if name in options.to:
            parser.error(f"argument {option}: {name} is named twice; name one file for it")
        options.to = {**options.to, name: output_place(file)}


def add_splits(parser: argparse._ActionsContainer) -> None:
    """Add ``--to``."""
    parser.add_argument(
        "--to",
        action=_ToSplits,
        default={},
        metavar="NAME=FILE",
        help="write rows of the report apart too, as Parquet, once a NAME: clean (found correct, with the input's "
        "columns alone), rejected (an error was found), undecided (no verdict)",
    )
