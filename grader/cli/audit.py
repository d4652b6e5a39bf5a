"""grade-audit: data sets, graded every night where they changed, and gates that say whether anything got worse."""

# ruff: noqa: PLC0415 `grade-audit --help` must wait neither for Arrow nor for pydantic

from __future__ import annotations

from argparse import RawDescriptionHelpFormatter
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.cli.common import Parser, run_command
from grader.cli.run_options import log_of, positive, stoppable
from grader.errors import GraderError, ThresholdError, UsageError, printable
from grader.remote import redacted

if TYPE_CHECKING:
    import argparse

    from grader.audit.config import Config
    from grader.run import Log

PROG = "grade-audit"
DESCRIPTION = """\
Audit data sets: grade what is new since last night, list what changed, judge the gates, make a page.

grade-audit init [FILE] writes a commented configuration (audit.toml) to begin with; grade-audit FILE does a night."""
EPILOG = """\
The store holds nights/ (report.parquet, changes.parquet, review.parquet and history.parquet for each data set,
summary.json and summary.html for all), latest (the newest night, turned to it in one step) and results.sqlite (what was
found out about every row; it can be deleted). The same command goes on where a night was ended: what that had graded is
not graded again.

exit codes:
  0   all gates pass (warnings do not change it without --strict)
  1   a gate failed, or could not be evaluated
  2   the configuration, an input or a column is wrong: nothing was graded
  3   another night is at work, the disk is full, …: the same command goes on later"""
NEEDED = ("pydantic", "jinja2", "matplotlib")
EXAMPLE = Path(__file__).parent.parent / "assets" / "audit" / "example.toml"


def main(argv: list[str] | None = None) -> int:
    """Run the command and give its exit code; SIGTERM leaves by SystemExit(143)."""
    return run_command(PROG, _command, argv)


def build_parser() -> Parser:
    """Build the parser; docs/cli.md is checked against its help."""
    parser = Parser(PROG, DESCRIPTION)
    parser.formatter_class = RawDescriptionHelpFormatter
    parser.epilog = EPILOG
    parser.usage = "grade-audit FILE [options]\n       grade-audit init [FILE]"
    parser.add_argument("file", metavar="FILE", help="the configuration, a .toml file")
    parser.add_argument("--check", action="store_true", help="only look whether configuration, inputs and columns fit")
    parser.add_argument("--dry-run", action="store_true", help="say how many rows would be graded, and do nothing")
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="NAME",
        help="audit this data set only, for a look: it goes to STORE/only, and no night is counted (repeatable)",
    )
    parser.add_argument("--strict", action="store_true", help="a warning is a failure too")
    parser.add_argument(
        "--workers", type=positive, metavar="N", help="processes that read and check (default: as for grade)"
    )
    said = parser.add_mutually_exclusive_group()
    said.add_argument("--quiet", action="store_true", help="say only what goes wrong")
    said.add_argument("--log-json", action="store_true", help="say everything as JSON, one event a line of stderr")
    return parser


def _command(argv: list[str]) -> int:
    if argv[:1] == ["init"]:
        return _init(argv[1:])
    options = build_parser().parse_args(argv)
    if options.check and options.dry_run:
        raise UsageError("--check and --dry-run exclude each other; --dry-run checks too")
    require_audit()
    with stoppable(options, PROG):
        return _audit(options)


def require_audit() -> None:
    """Raise UsageError where the packages of the audit are not installed."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise UsageError(f"this command needs {', '.join(missing)}: pip install 'math-grader[audit]'")


def _init(argv: list[str]) -> int:
    parser = Parser(f"{PROG} init", "Write a commented configuration.")
    parser.add_argument("file", nargs="?", default="audit.toml", metavar="FILE", help="where to (audit.toml)")
    path = Path(parser.parse_args(argv).file)
    if path.suffix != ".toml":
        raise UsageError(f"{path}: a configuration ends in .toml")
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(EXAMPLE.read_text(encoding="utf-8"))
    except FileExistsError:
        raise UsageError(f"{path}: this file is already there; choose another name") from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be written ({error.strerror}); choose another place") from error
    print(printable(f"{path} is written; edit it, then: {PROG} {path} --check"))
    return 0


def _audit(options: argparse.Namespace) -> int:
    import pyarrow as pa

    from grader.audit.config import chosen, read_config
    from grader.audit.prepared import prepare_all

    # Arrow's own handlers would swallow a signal that comes while it parses; its calls are short enough to wait for.
    pa.enable_signal_handlers(False)
    config = read_config(Path(options.file))
    if options.check:
        for one in prepare_all(config, chosen(config, options.only)):
            rows = "rows unknown" if one.inputs.rows is None else f"{one.inputs.rows:,} rows"
            print(f"{one.data.name}: {rows}; {one.columns.sentence()}")
        return 0
    with log_of(options, PROG).listening() as log:
        if options.dry_run:
            return _dry_run(config, options, log)
        return _night(config, options, log)


def _night(config: Config, options: argparse.Namespace, log: Log) -> int:
    from grader.audit.night import run_night
    from grader.run.garbage import collect_rarely

    collect_rarely()
    try:
        result = run_night(config, log, only=options.only, strict=options.strict, workers=options.workers)
    except GraderError as error:
        _tell_not_run(config, error, log)
        raise
    return ThresholdError.exit_code if result.failed else 0


def _tell_not_run(config: Config, error: GraderError, log: Log) -> None:
    """Tell ``on_failure`` of a night that could not be: nobody looks at a page that is not there."""
    from grader.audit.hook import call_hook
    from grader.audit.store import SUMMARY_FORMAT

    told: dict[str, Any] = {
        "format": SUMMARY_FORMAT,
        "verdict": "not_run",
        "failed": True,
        "error": redacted(str(error)),
    }
    call_hook(config.on_failure, {**told, "exit_code": error.exit_code}, log)


def _dry_run(config: Config, options: argparse.Namespace, log: Log) -> int:
    from grader.audit.dry_run import count_new

    for name, rows, new in count_new(config, options.only, log):
        print(f"{name}: {rows:,} rows, {new:,} of them would be graded")
    return 0
