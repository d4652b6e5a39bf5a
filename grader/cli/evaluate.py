"""grade-evaluate: a report and its labels -> figures with intervals."""

from __future__ import annotations

import json
from argparse import RawDescriptionHelpFormatter
from typing import TYPE_CHECKING, Any

from grader.cli.common import Parser, run_command
from grader.cli.tables import interval, rows_of, table, value
from grader.errors import printable

if TYPE_CHECKING:
    from grader.evaluate import Evaluation, Metrics

PROG = "grade-evaluate"
DESCRIPTION = """\
Compare the verdicts of a report with labels that stand in a column beside them, and print how often they are right,
each figure with its 95 % interval.

Labels, in any case: correct; flawed, incorrect or wrong; true or 1 (the solution is correct), false or 0 (it is
flawed); or correct, computational_error and conceptual_error. Where a label says only "flawed", both kinds of error
count as flawed. Rows without a label are left out and counted."""
EPILOG = """\
--json prints one object:
  report, label, line, by   the file and the columns
  rows, unlabelled          rows of the report; rows left out because they have no label
  overall                   rows        labelled rows
                            figures     name -> {value, low, high, k, n}: the figure, its 95 % interval, and the rows
                                        behind it (k of n for a proportion, else k is null); null where not defined
                            classes     class -> precision, recall, f1 (each as above)
                            confusion   label -> answer -> rows; the answer no_answer is a null verdict
                            unanswered  why there was no answer: skipped, failed, nothing_checked
  slices                    value of the --by column -> the same as overall"""
TITLES = {
    "weighted_f1": "weighted F1",
    "accuracy": "accuracy",
    "false_alarms": "false alarms on correct rows",
    "flaws_found": "flawed rows found flawed",
    "no_answer": "no answer",
    "first_error_line_when_found": "first error line right, of rows found flawed",
    "first_error_line": "first error line right, of all flawed rows",
    "process_bench_f1": "ProcessBench F1",
    "auroc": "AUROC of the flaw probability",
    "reference_mismatch": "differs from its reference answer",
}
NOTES = """\
A null verdict is no answer: wrong in accuracy, recall and F1, and on a correct row no false alarm.
The first error line is judged on flawed rows that have a labelled line. ProcessBench F1 is the harmonic mean of that
accuracy over all of them and of the accuracy on correct rows (Zheng et al. 2024).
Intervals are at 95 %: Wilson for proportions, Newcombe for AUROC, 1,000 seeded bootstrap resamples for F1."""


def main(argv: list[str] | None = None) -> int:
    """Run grade-evaluate and give its exit code."""
    return run_command(PROG, _run, argv)


def _run(argv: list[str]) -> int:
    options = _parser().parse_args(argv)
    # polars takes a while to import: --help must not wait for it.
    from grader.evaluate import evaluate  # noqa: PLC0415

    evaluation = evaluate(options.report, options.label, line=options.line, by=options.by)
    if options.json:
        print(json.dumps(as_json(evaluation), ensure_ascii=False, allow_nan=False))
    else:
        print(render(evaluation))
    return 0


def as_json(evaluation: Evaluation) -> dict[str, Any]:
    """Give the object that ``--json`` prints, as ``--help`` describes it."""
    return evaluation._asdict() | {
        "overall": _metrics_json(evaluation.overall),
        "slices": {name: _metrics_json(metrics) for name, metrics in evaluation.slices.items()},
    }


def _metrics_json(metrics: Metrics) -> dict[str, Any]:
    return metrics._asdict() | {
        "figures": {name: figure._asdict() for name, figure in metrics.figures.items()},
        "classes": {
            name: {key: figure._asdict() for key, figure in figures.items()}
            for name, figures in metrics.classes.items()
        },
    }


def _parser() -> Parser:
    parser = Parser(PROG, DESCRIPTION)
    parser.formatter_class = RawDescriptionHelpFormatter
    parser.epilog = EPILOG
    parser.add_argument("report", metavar="REPORT", help="a report that grade wrote (Parquet)")
    parser.add_argument("--label", metavar="COLUMN", required=True, help="the column of labels")
    parser.add_argument("--line", metavar="COLUMN", help="the column of labelled first error lines, numbered from 1")
    parser.add_argument("--by", metavar="COLUMN", help="print the main figures for each value of this column too")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of tables")
    return parser


def render(evaluation: Evaluation) -> str:
    """Give the tables for people."""
    overall = evaluation.overall
    why = ", ".join(f"{count} {reason.replace('_', ' ')}" for reason, count in overall.unanswered.items())
    head = (
        f"{printable(evaluation.report)}: {evaluation.rows} rows, {overall.rows} with a label in {evaluation.label!r}, "
        f"{evaluation.unlabelled} without one left out\nno answer: {why}"
    )
    parts = [
        head,
        _figures(overall, with_lines=evaluation.line is not None),
        _classes(overall),
        _confusion(overall),
    ]
    if evaluation.by is not None:
        parts.append(_slices(evaluation))
    return "\n\n".join([*parts, NOTES])


def _figures(metrics: Metrics, *, with_lines: bool) -> str:
    names = [
        name
        for name, figure in metrics.figures.items()
        if with_lines or name not in ("first_error_line_when_found", "first_error_line", "process_bench_f1")
    ]
    figures = [(TITLES[name], metrics.figures[name]) for name in names]
    return table(
        ("figure", "value", "95 % interval", "rows"),
        [(title, value(figure), interval(figure), rows_of(figure)) for title, figure in figures],
    )


def _classes(metrics: Metrics) -> str:
    return table(
        ("class", "precision", "95 % interval", "recall", "95 % interval", "F1", "95 % interval", "labelled"),
        [
            (
                name,
                *(cell for figure in figures.values() for cell in (value(figure), interval(figure))),
                str(figures["recall"].n),
            )
            for name, figures in metrics.classes.items()
        ],
    )


def _confusion(metrics: Metrics) -> str:
    answers = next(iter(metrics.confusion.values()))
    return table(
        ("label \\ verdict", *(answer.replace("no_answer", "no answer") for answer in answers)),
        [(label, *map(str, counts.values())) for label, counts in metrics.confusion.items()],
    )


def _slices(evaluation: Evaluation) -> str:
    names = ["weighted_f1", "accuracy", "false_alarms", "flaws_found", "no_answer"]
    if evaluation.line is not None:
        names.append("process_bench_f1")
    titles = [TITLES[name].split(" on ")[0].replace("flawed rows found flawed", "flaws found") for name in names]
    rows = []
    for slice_value, metrics in evaluation.slices.items():
        figures = [metrics.figures[name] for name in names]
        cells = (f"{value(f)} ({interval(f) or 'no rows'})" for f in figures)
        rows.append([printable(slice_value), str(metrics.rows), *cells])
    return table([printable(f"{evaluation.by}"), "labelled", *titles], rows)
