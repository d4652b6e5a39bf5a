"""``grade``: read solutions, check every equation, judge, and write an annotated Parquet report."""

# ruff: noqa: PLC0415 `grade --help` must not wait for Arrow, let alone torch

from __future__ import annotations

import argparse
import shlex
import sys
from typing import TYPE_CHECKING, Any

from grader.cli.cluster import add_cluster_options, check_cluster_options, grade_on_cluster
from grader.cli.common import Parser, add_splits, file_name, output_place, run_command
from grader.cli.run_options import add_run_options, log_of, positive, stoppable
from grader.errors import UsageError
from grader.remote import redacted

if TYPE_CHECKING:
    from grader.engines import Pair
    from grader.run import Log

PROG = "grade"
EXTRACTORS = ("auto", "rules", "model")
NOT_WITH_TEXT = {
    "inputs": "an input file",
    "output": "-o",
    "summary": "--summary",
    "to": "--to",
    "limit": "--limit",
    "overwrite": "--overwrite",
    "replace_grades": "--replace-grades",
    "devices": "--devices",
    "problem_column": "--problem-column",
    "solution_column": "--solution-column",
    "id_column": "--id-column",
    "answer_column": "--answer-column",
    "restart": "--restart",
    "workers": "--workers",
    "part_rows": "--part-rows",
    "shard": "--shard",
    "profile": "--profile",
    "quiet": "--quiet",
    "log_json": "--log-json",
    "ray": "--ray",
}


def main(argv: list[str] | None = None) -> int:
    """Run the command and give its exit code; SIGTERM leaves by SystemExit(143)."""
    return run_command(PROG, _command, argv)


def build_parser() -> Parser:
    """Build the parser; docs/cli.md is checked against its help."""
    parser = Parser(PROG, "Find the wrong solutions in a math data set, and say why, row by row.")
    parser.add_argument(
        "inputs",
        nargs="*",
        metavar="INPUT",
        help="Parquet, JSON Lines or CSV: files, folders or quoted globs; s3://, hf:// and https:// too",
    )
    parser.add_argument(
        "-o", "--output", type=output_place, metavar="FILE", help="the report to write, a .parquet file; s3:// too"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace the report and the summary if they are there")
    parser.add_argument("--replace-grades", action="store_true", help="drop the grade_* columns of an earlier report")
    parser.add_argument("--limit", type=positive, metavar="N", help="read the first N rows only")
    parser.add_argument("--summary", type=file_name, metavar="FILE", help="write the counts to this .json file")
    add_splits(parser)

    columns = parser.add_argument_group("columns", "found by name; name them where that fails")
    for role, what in (("problem", "problem"), ("solution", "solution"), ("id", "id"), ("answer", "reference answer")):
        columns.add_argument(f"--{role}-column", metavar="NAME", help=f"the column that holds the {what}")

    models = parser.add_argument_group("models")
    models.add_argument(
        "--extractor",
        choices=EXTRACTORS,
        default="auto",
        help="who reads the equations: rules, the model, or (auto) the model where rules are not certain",
    )
    models.add_argument("--no-classifier", action="store_true", help="check the calculations only")
    models.add_argument(
        "--adapters",
        metavar="DIR_OR_REPO",
        help="the adapter pair: a folder or owner/name[@revision] with extractor/ and classifier/, "
        "or two adapters joined by a comma (default: $GRADER_ADAPTERS, then the embedded pair)",
    )
    models.add_argument(
        "--threshold", type=_probability, metavar="P", help="P(flawed) from which a solution is a conceptual error"
    )
    models.add_argument("--device", metavar="DEVICE", help="cpu, cuda or cuda:N (default: cuda where there is one)")
    models.add_argument(
        "--devices",
        type=_names,
        default=(),
        metavar="DEVICE,...",
        help="have the models on each of these, and share the work among them",
    )
    models.add_argument(
        "--memory",
        type=_bytes,
        metavar="SIZE",
        help="memory of each GPU that may be used, as 8GB or 7.5GiB: it decides on 4 bits, the size of batches, and "
        "whether both models stay there (default: all that is free)",
    )
    models.add_argument(
        "--compile",
        action="store_true",
        help="compile parts of the models first, which takes about a minute: for long runs",
    )
    models.add_argument(
        "--quantization",
        choices=("nf4", "none"),
        help="keep the bases in 4 bits, or merge the adapters into dense weights "
        "(default: dense, or 4 bits where a GPU is short of memory)",
    )
    models.add_argument("--offline", action="store_true", help="take models of the hub from this machine's cache only")

    add_run_options(parser)
    add_cluster_options(parser)

    one = parser.add_argument_group("one solution")
    one.add_argument("--text", metavar="TEXT", help="check this solution instead of a file; - reads it from stdin")
    one.add_argument("--problem", metavar="TEXT", help="the problem that --text solves")
    return parser


def _command(argv: list[str]) -> int:
    options = build_parser().parse_args(argv)
    with stoppable(options, PROG):
        if options.text is not None:
            return _grade_text(options)
        return _grade_files(options, shlex.join([PROG, *map(redacted, argv)]))


def _grade_files(options: argparse.Namespace, command: str) -> int:
    if options.problem is not None:
        raise UsageError("--problem belongs to --text; for files name a column with --problem-column")
    if not options.inputs:
        raise UsageError("no input was named: give files, folders or globs, or --text (see grade --help)")
    if not all(options.inputs):
        raise UsageError("an input has an empty name: name a file, a folder or a glob")
    if options.output is None:
        raise UsageError("no output was named: say where the report goes with -o report.parquet")
    check_cluster_options(options)
    with log_of(options).listening() as log:
        _run(options, command, log)
    return 0


def _run(options: argparse.Namespace, command: str, log: Log) -> None:
    import pyarrow as pa

    from grader.columns import ColumnNames
    from grader.run import Request, Shard, prepare, run_grade
    from grader.run.garbage import collect_rarely
    from grader.run.staff import chunk_grader

    # Arrow's own handlers would swallow a signal that comes while it parses; its calls are short enough to wait for.
    pa.enable_signal_handlers(False)
    named = ColumnNames(options.problem_column, options.solution_column, options.id_column, options.answer_column)
    request = Request(
        inputs=options.inputs,
        output=options.output,
        named=named,
        limit=options.limit,
        overwrite=options.overwrite,
        restart=options.restart,
        replace_grades=options.replace_grades,
        summary=options.summary,
        splits=options.to,
        part_rows=options.part_rows,
        shard=options.shard and Shard(*options.shard),
        options=_recorded(options),
        command=command,
    )
    if options.ray is not None:
        grade_on_cluster(options, request, _models(options), log)
        return
    job = prepare(request)
    log.say("columns", job.columns.sentence(), **job.columns._asdict())
    pair = _load_pair(options)
    log.say("models", pair.sentence(), **pair.describe())
    collect_rarely()
    with chunk_grader(pair, options.workers, log) as grader:
        summary = run_grade(job, grader, log)
    log.show(f"\n{summary.table()}")
    log.say("done", None, **summary.as_dict())
    if options.profile:
        log.show(f"\n{grader.watch.table()}")
        log.say("profile", None, **grader.watch.seconds)


def _grade_text(options: argparse.Namespace) -> int:
    for name, option in NOT_WITH_TEXT.items():
        if getattr(options, name):
            raise UsageError(f"--text checks one solution and takes no file: leave out {option}")
    from grader.cli.show import show
    from grader.pipeline import Grader
    from grader.types import Solution

    text = _stdin() if options.text == "-" else options.text
    pair = _load_pair(options)
    print(f"{PROG}: {pair.sentence()}", file=sys.stderr)
    with Grader(pair) as grader:
        graded = grader.grade([Solution(options.problem or "", text)])[0]
    print(show(graded))
    return 0


def _load_pair(options: argparse.Namespace) -> Pair:
    from grader.engines import load_pair

    return load_pair(**_models(options))


def _models(options: argparse.Namespace) -> dict[str, Any]:
    """Give the arguments of ``load_pair`` that the options say."""
    names = ("extractor", "adapters", "threshold", "device", "devices", "quantization", "memory", "offline")
    named = {name: getattr(options, name) for name in names}
    return {"classifier": not options.no_classifier, "compiled": options.compile, **named}


def _recorded(options: argparse.Namespace) -> dict[str, object]:
    """Choose the options that decide what a report says; where it is written is not one of them."""
    names = (
        *("extractor", "no_classifier", "adapters", "threshold", "device", "quantization", "limit", "replace_grades"),
        *("problem_column", "solution_column", "id_column", "answer_column"),
    )
    recorded = {name: getattr(options, name) for name in names}
    # Where they were not given, a report says what it said before they were there.
    return recorded | {name: value for name in ("devices", "memory") if (value := getattr(options, name))}


def _stdin() -> str:
    if sys.stdin is None:
        raise UsageError("--text -: standard input is closed; pipe the solution in, or give it behind --text")
    return sys.stdin.buffer.read().decode("utf-8", "replace")


def _names(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    if not all(names):
        raise argparse.ArgumentTypeError(f"{text!r} is no list of devices as in cuda:0,cuda:1")
    return names


def _bytes(text: str) -> float:
    from grader.engines import bytes_of

    try:
        return bytes_of(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _probability(text: str) -> float:
    from grader.engines import is_probability

    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not is_probability(value):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number between 0 and 1, both excluded")
    return value
