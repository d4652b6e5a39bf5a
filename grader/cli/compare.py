"""grade-compare: two reports -> which rows changed their verdict."""

from __future__ import annotations

import json
import sys
from argparse import RawDescriptionHelpFormatter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.cli.common import Parser, run_command
from grader.cli.tables import table
from grader.errors import InputError, UsageError, check_utf8, printable

if TYPE_CHECKING:
    from argparse import Namespace

    from grader.compare import Comparison

PROG = "grade-compare"
DESCRIPTION = """\
Match the rows of two reports, A the older and B the newer, and count which of them changed their verdict.

Rows match by --id; without it by the id column of the run, or the first of id, uuid, problem_id, idx, that is unique
in both reports; else by the text of problem and solution, equal rows in the order in which they stand. The exit
code is 0 with changes or without."""
EPILOG = """\
changes:
  newly_flawed      correct or no answer in A, an error in B
  newly_cleared     an error in A, correct or no answer in B
  verdict_changed   any other change: the kind of error, or between correct and no answer (a null verdict)
  added, removed    only in B, only in A
  unchanged         the same verdict in both

--json prints one object: a and b (report, rows), matched_by (a column, or null for content), changes (name -> rows),
content_changed (rows matched by id whose text differs), transitions (verdict in A -> verdict in B -> rows of both),
output (the file of -o, or null)."""


def main(argv: list[str] | None = None) -> int:
    """Run grade-compare and give its exit code."""
    return run_command(PROG, _run, argv)


def _run(argv: list[str]) -> int:
    options = _parser().parse_args(argv)
    _check_output(options)
    # polars takes a while to import: --help must not wait for it.
    from grader.compare import changed_rows, compare  # noqa: PLC0415
    from grader.reports import write_table  # noqa: PLC0415

    comparison = compare(options.a, options.b, id_column=options.id)
    if options.output is not None:
        changed = changed_rows(comparison)
        write_table(changed, Path(options.output))
        print(f"{PROG}: {changed.height} changed rows written to {printable(options.output)}", file=sys.stderr)
    summary = summarise(comparison, options.output)
    print(json.dumps(summary, ensure_ascii=False, allow_nan=False) if options.json else render(summary))
    return 0


def _parser() -> Parser:
    parser = Parser(PROG, DESCRIPTION)
    parser.formatter_class = RawDescriptionHelpFormatter
    parser.epilog = EPILOG
    parser.add_argument("a", metavar="A", help="the older report (Parquet)")
    parser.add_argument("b", metavar="B", help="the newer report")
    parser.add_argument("--id", metavar="COLUMN", help="match rows by this column, unique in both reports")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of tables")
    parser.add_argument("-o", "--output", metavar="FILE", help="write the changed rows to this Parquet file")
    parser.add_argument("--overwrite", action="store_true", help="replace FILE if it exists")
    return parser


def _check_output(options: Namespace) -> None:
    """Refuse, before any work, an output that would be lost or would replace something."""
    if options.output is None:
        if options.overwrite:
            raise UsageError("--overwrite goes with -o FILE")
        return
    output = Path(check_utf8(options.output))
    if not output.parent.is_dir():
        raise InputError(f"{output}: the folder {output.parent} does not exist; create it first")
    if output.is_dir() or output.suffix.lower() != ".parquet":
        raise InputError(f"{output}: -o names a file that ends in .parquet")
    if not output.exists():
        return
    if any(Path(path).exists() and output.samefile(path) for path in (options.a, options.b)):
        raise InputError(f"{output} is one of the reports to compare; name another file")
    if not options.overwrite:
        raise InputError(f"{output} exists already; name another file or give --overwrite")


def summarise(comparison: Comparison, output: str | None) -> dict[str, Any]:
    """Give the object that ``--json`` prints, as ``--help`` describes it."""
    from grader.compare import counts, transitions  # noqa: PLC0415

    rows = comparison.rows
    sides = {
        name: {"report": side.report.path, "rows": rows[f"row_{name}"].count()}
        for name, side in (("a", comparison.a), ("b", comparison.b))
    }
    return {
        **sides,
        "matched_by": comparison.matched_by,
        "changes": counts(comparison),
        "content_changed": int(rows["content_changed"].sum()),
        "transitions": transitions(comparison),
        "output": output,
    }


def render(summary: dict[str, Any]) -> str:
    """Give the tables for people."""
    a, b = summary["a"], summary["b"]
    matched = (
        "the text of problem and solution" if summary["matched_by"] is None else f"column {summary['matched_by']!r}"
    )
    names = printable(a["report"]), printable(b["report"])
    head = f"A: {names[0]}, {a['rows']} rows\nB: {names[1]}, {b['rows']} rows\nmatched by {matched}"
    if summary["content_changed"]:
        head += f"; the text of {summary['content_changed']} matched rows differs"
    changes = [(_words(name), str(rows)) for name, rows in summary["changes"].items()]
    verdicts = summary["transitions"]
    moves = [(_words(name), *map(str, row.values())) for name, row in verdicts.items()]
    return "\n\n".join([head, table(("change", "rows"), changes), table(("A \\ B", *map(_words, verdicts)), moves)])


def _words(name: str) -> str:
    """Give a key as people read it; the names of verdicts stay as they stand in the report."""
    return name if name.endswith("_error") else name.replace("_", " ")
