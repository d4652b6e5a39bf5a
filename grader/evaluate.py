"""A report and its labels -> figures: how often the verdicts are right, and how sure that is.

A null verdict is no answer. It is never right: it counts as wrong in accuracy, recall and F1, and its share is a
figure of its own. On a correct row it is no false alarm either.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from grader.errors import InputError
from grader.reports import FIRST_ERROR_LINE, STATUS, Report, open_report
from grader.statistics import Estimate, area_under_roc, bootstrap, class_f1, process_bench_f1, weighted_f1, wilson
from grader.types import RowStatus, Verdict

if TYPE_CHECKING:
    import numpy.typing as npt

CORRECT = str(Verdict.CORRECT)
FLAWED = "flawed"
KINDS = (str(Verdict.COMPUTATIONAL_ERROR), str(Verdict.CONCEPTUAL_ERROR))
LABELS = (
    dict.fromkeys((CORRECT, "true", "1", "1.0"), CORRECT)
    | dict.fromkeys((FLAWED, "incorrect", "wrong", "false", "0", "0.0"), FLAWED)
    | {kind: kind for kind in KINDS}
)
ALLOWED = (
    "correct, flawed (incorrect, wrong), true/1 for correct, false/0 for flawed, computational_error, conceptual_error"
)
MAX_SLICES = 100


class Metrics(NamedTuple):
    """The figures of some labelled rows.

    ``confusion`` is label -> answer -> rows, with ``no_answer`` as the last answer. ``unanswered`` says why there
    was no answer. ``classes`` is class -> ``precision``, ``recall``, ``f1``. ``figures`` holds the rest by name.
    """

    rows: int
    figures: dict[str, Estimate]
    classes: dict[str, dict[str, Estimate]]
    confusion: dict[str, dict[str, int]]
    unanswered: dict[str, int]


class Evaluation(NamedTuple):
    """What `grade-evaluate` found: over all labelled rows, and for each value of the ``by`` column."""

    report: str
    label: str
    line: str | None
    by: str | None
    rows: int
    unlabelled: int
    overall: Metrics
    slices: dict[str, Metrics]


def evaluate(path: str, label: str, *, line: str | None = None, by: str | None = None) -> Evaluation:
    """Compare the verdicts of the report at ``path`` with the labels in its column ``label``.

    ``line`` names the column of labelled first error lines (from 1), ``by`` a column whose values get figures each.

    Raises:
        InputError: the file, a column or a label cannot be used, or no row has a label.

    """
    report = open_report(path)
    report.require(column for column in (label, line, by) if column is not None)
    everything = _read(report, label, line, by)
    rows = everything.filter(pl.col("truth").is_not_null())
    if rows.is_empty():
        raise InputError(f"{path}: column {label!r} holds no label, so there is nothing to evaluate")
    rows, classes = _settle_classes(rows)
    slices = {}
    if by is not None:
        values = rows["slice"].unique().sort()
        if len(values) > MAX_SLICES:
            raise InputError(f"{path}: column {by!r} has {len(values):,} values; --by takes at most {MAX_SLICES}")
        slices = {value: measure(rows.filter(pl.col("slice") == value), classes) for value in values}
    overall = measure(rows, classes)
    return Evaluation(path, label, line, by, everything.height, everything.height - rows.height, overall, slices)


def measure(rows: pl.DataFrame, classes: tuple[str, ...]) -> Metrics:
    """Give the figures of labelled rows.

    ``rows`` has the columns of `_read` with ``truth`` never null; ``classes`` are the values of ``truth`` and
    ``answer``, ``correct`` first.
    """
    table = _confusion(rows, classes)
    flaws, sound = table[1:], table[0]
    figures = {
        "weighted_f1": bootstrap(table, weighted_f1),
        "accuracy": wilson(int(np.diagonal(table).sum()), rows.height),
        "false_alarms": wilson(int(sound[1:-1].sum()), int(sound.sum())),
        "flaws_found": wilson(int(flaws[:, 1:-1].sum()), int(flaws.sum())),
        "no_answer": wilson(int(table[:, -1].sum()), rows.height),
        **_line_figures(rows),
        "auroc": _auroc(rows),
        "reference_mismatch": wilson(int(rows["mismatch"].sum()), rows["mismatch"].count()),
    }
    right, labelled, answered = np.diagonal(table), table.sum(axis=1), table.sum(axis=0)
    by_class = {
        name: {
            "precision": wilson(int(right[i]), int(answered[i])),
            "recall": wilson(int(right[i]), int(labelled[i])),
            "f1": bootstrap(table, partial(class_f1, i=i)),
        }
        for i, name in enumerate(classes)
    }
    answers = (*classes, "no_answer")
    confusion = {name: dict(zip(answers, map(int, table[i]), strict=True)) for i, name in enumerate(classes)}
    return Metrics(rows.height, figures, by_class, confusion, _unanswered(rows))


def _settle_classes(rows: pl.DataFrame) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Choose the classes that the labels can tell apart: the kinds of error only where no label says just flawed."""
    if FLAWED not in rows["truth"] and rows["truth"].is_in(KINDS).any():
        return rows, (CORRECT, *KINDS)
    return rows.with_columns(pl.col("truth", "answer").replace(dict.fromkeys(KINDS, FLAWED))), (CORRECT, FLAWED)


def _read(report: Report, label: str, line: str | None, by: str | None) -> pl.DataFrame:
    """Read what the figures need: ``truth answer status found labelled probability mismatch slice``, a row each."""
    flags = report.optional("grade_flags", pl.List(pl.String()))
    mismatch = flags.list.contains("reference_mismatch").fill_null(value=False)
    rows = report.collect(
        report.verdict().alias("answer"),
        pl.col(STATUS).cast(pl.String).alias("status"),
        pl.col(FIRST_ERROR_LINE).alias("found"),
        report.optional("grade_flaw_probability", pl.Float32()).alias("probability").fill_nan(None),
        pl.when(_has_reference(report)).then(mismatch).alias("mismatch"),
        pl.col(label).alias("label"),
        (pl.col(line) if line else pl.lit(None)).alias("line"),
        (pl.col(by) if by else pl.lit(None)).alias("by"),
    )
    report.check_verdicts(rows["answer"])
    where = f"{report.path}: column"
    truth = _truth(rows["label"], f"{where} {label!r}")
    return rows.with_columns(
        truth=truth,
        labelled=_labelled_lines(rows["line"], truth, f"{where} {line!r}"),
        slice=_text(rows["by"], f"{where} {by!r}").fill_null("(null)"),
    ).drop("label", "line", "by")


def _has_reference(report: Report) -> pl.Expr:
    """Tell the rows that have a reference answer; all of them where the run's record of its columns is lost."""
    columns = report.recorded()
    if "reference" in columns:
        return pl.col(columns["reference"]).is_not_null()
    return pl.lit(not columns)


def _text(values: pl.Series, where: str) -> pl.Series:
    """Give a column as text: null where it is null, NaN or blank."""
    if values.dtype.is_nested() or values.dtype == pl.Binary:
        raise InputError(f"{where} holds {values.dtype}, not one plain value a row")
    if values.dtype.is_float():
        values = values.fill_nan(None)
    text = values.cast(pl.String).str.strip_chars()
    return text.set(text == "", None)


def _truth(values: pl.Series, where: str) -> pl.Series:
    """Give the class of every label, null where there is no label."""
    text = _text(values, where)
    truth = text.str.to_lowercase().replace_strict(LABELS, default=None, return_dtype=pl.String)
    unknown = text.filter(truth.is_null() & text.is_not_null())
    if len(unknown):
        raise InputError(f"{where} has the label {unknown.min()!r}; allowed are {ALLOWED}, or null")
    return truth.alias("truth")


def _labelled_lines(values: pl.Series, truth: pl.Series, where: str) -> pl.Series:
    """Give the labelled first error line of every flawed row, null where none is labelled (null or negative)."""
    text = _text(values, where)
    number = text.cast(pl.Float64, strict=False)
    whole = number.is_finite() & (number == number.floor())
    strange = text.filter(text.is_not_null() & ~whole.fill_null(value=False))
    if len(strange):
        raise InputError(f"{where} has the value {strange.min()!r}; line numbers are whole, from 1, or null")
    flawed = (truth != CORRECT).fill_null(value=False)
    if (flawed & (number == 0)).any():
        raise InputError(f"{where} has line 0 on a flawed row; lines are numbered from 1: add 1 to the column")
    line = number.cast(pl.Int64)
    return line.set(~flawed | (line < 1), None).alias("labelled")


def _confusion(rows: pl.DataFrame, classes: tuple[str, ...]) -> npt.NDArray[np.int64]:
    """Count rows by label and answer: int64 ``(C, C + 1)``, the last column no answer."""
    table = np.zeros((len(classes), len(classes) + 1), dtype=np.int64)
    for truth, answer, count in rows.group_by("truth", "answer").len().iter_rows():
        table[classes.index(truth), len(classes) if answer is None else classes.index(answer)] = count
    return table


def _line_figures(rows: pl.DataFrame) -> dict[str, Estimate]:
    """Give the figures of the first error line; flawed rows without a labelled line are left out of them."""
    flawed = rows.filter(pl.col("labelled").is_not_null())
    caught = flawed.filter((pl.col("answer") != CORRECT).fill_null(value=False))
    right = caught.filter((pl.col("found") == pl.col("labelled")).fill_null(value=False)).height
    sound = rows.filter(pl.col("truth") == CORRECT)
    passed = sound.filter((pl.col("answer") == CORRECT) & pl.col("found").is_null()).height
    table = np.array([[right, flawed.height - right], [passed, sound.height - passed]], dtype=np.int64)
    return {
        "first_error_line_when_found": wilson(right, caught.height),
        "first_error_line": wilson(right, flawed.height),
        "process_bench_f1": bootstrap(table, process_bench_f1),
    }


def _auroc(rows: pl.DataFrame) -> Estimate:
    """Give the AUROC of the flaw probability over the rows that have one."""
    scored = rows.filter(pl.col("probability").is_not_null())
    flawed = scored["truth"] != CORRECT
    ranks = scored["probability"].rank("average").filter(flawed)
    return area_under_roc(float(ranks.sum()), int(flawed.sum()), int((~flawed).sum()))


def _unanswered(rows: pl.DataFrame) -> dict[str, int]:
    """Count the rows without an answer by reason; a graded row without one is one in which nothing was checked."""
    without = rows.filter(pl.col("answer").is_null())["status"]
    skipped, failed = int((without == RowStatus.SKIPPED.value).sum()), int((without == RowStatus.FAILED.value).sum())
    return {"skipped": skipped, "failed": failed, "nothing_checked": len(without) - skipped - failed}
