"""``grade-join``: the reports of all shards of a run -> the report of the run."""

# ruff: noqa: PLC0415 `grade-join --help` must not wait for Arrow

from __future__ import annotations

import json
from argparse import RawDescriptionHelpFormatter
from typing import TYPE_CHECKING

from grader.cli.common import Parser, add_splits, file_name, output_place, run_command
from grader.errors import UsageError

if TYPE_CHECKING:
    from argparse import Namespace

PROG = "grade-join"
DESCRIPTION = """\
Join the reports that grade --shard wrote into the report that one run would have written.

All shards must be there, each once, and agree in version, options, models and inputs; what differs or is missing is
named, and nothing written. The shards stay where they are."""


def main(argv: list[str] | None = None) -> int:
    """Run grade-join and give its exit code."""
    return run_command(PROG, _run, argv)


def _parser() -> Parser:
    parser = Parser(PROG, DESCRIPTION)
    parser.formatter_class = RawDescriptionHelpFormatter
    parser.add_argument("shards", nargs="+", metavar="SHARD", help="reports of shards: files, folders or quoted globs")
    parser.add_argument(
        "-o", "--output", type=output_place, metavar="FILE", help="the report to write, a .parquet file"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace the report and the summary if they are there")
    parser.add_argument("--summary", type=file_name, metavar="FILE", help="write the counts to this .json file")
    add_splits(parser)
    return parser


def _run(argv: list[str]) -> int:
    options = _parser().parse_args(argv)
    if options.output is None:
        raise UsageError("no output was named: say where the report goes with -o report.parquet")
    from grader.parquet_io.writer import write_text
    from grader.run import Log
    from grader.run.joining import free_text_of, join_shards, open_shards
    from grader.run.splits import write_splits

    with Log(prog=PROG).listening() as log:
        _check_outputs(options)
        shards = open_shards(options.shards, [options.output, *options.to.values()])
        summary = join_shards(shards, options.output)
        if options.to:
            write_splits(options.output, options.to, free_text_of(shards), log)
        if options.summary is not None:
            write_text(options.summary, json.dumps(summary.as_dict(), ensure_ascii=False, indent=2) + "\n")
        log.show(f"\n{summary.table()}")
    return 0


def _check_outputs(options: Namespace) -> None:
    from grader.run.request import check_output, check_splits

    check_output(options.output, "-o", (".parquet",), overwrite=options.overwrite)
    if options.summary is not None:
        check_output(options.summary, "--summary", (".json",), overwrite=options.overwrite)
    check_splits(options.to, [options.output], overwrite=options.overwrite)
