"""grade-page: one report as a page that a browser shows without a network."""

from __future__ import annotations

from argparse import RawDescriptionHelpFormatter
from pathlib import Path

from grader.cli.audit import require_audit
from grader.cli.common import Parser, run_command
from grader.errors import UsageError, check_utf8

PROG = "grade-page"
DESCRIPTION = """\
Make a page of a report: counts, what was found, a breakdown by slice, and the twenty rows most worth reading, with the
failing line marked and explained. One HTML file that needs nothing else."""


def main(argv: list[str] | None = None) -> int:
    """Run grade-page and give its exit code."""
    return run_command(PROG, _run, argv)


def _run(argv: list[str]) -> int:
    options = build_parser().parse_args(argv)
    output = Path(check_utf8(options.output))
    if output.suffix.lower() not in (".html", ".htm"):
        raise UsageError(f"{output}: -o must end in .html")
    if not output.parent.is_dir():
        raise UsageError(f"{output}: the folder {output.parent} is not there; make it with mkdir -p {output.parent}")
    if output.is_dir() or (output.exists() and not options.overwrite):
        raise UsageError(f"{output}: this is already there; choose another name, or replace it with --overwrite")
    require_audit()
    # polars and matplotlib take a while to import: --help must not wait for them.
    from grader.audit.page import write_report_page  # noqa: PLC0415

    write_report_page(output, Path(options.report), options.by)
    return 0


def build_parser() -> Parser:
    """Build the parser; docs/cli.md is checked against its help."""
    parser = Parser(PROG, DESCRIPTION)
    parser.formatter_class = RawDescriptionHelpFormatter
    parser.add_argument("report", metavar="REPORT", help="a report that grade wrote (Parquet)")
    parser.add_argument("-o", "--output", required=True, metavar="FILE", help="the page to write, an .html file")
    parser.add_argument(
        "--by", action="append", default=[], metavar="COLUMN", help="count each value of this column too (repeatable)"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace FILE if it exists")
    return parser
