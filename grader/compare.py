"""Two reports -> which rows changed their verdict: a new version against the old one, before anybody trusts it."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

import polars as pl

from grader.columns import IDENTIFIER, ColumnNames, Columns, Shape, discover
from grader.errors import InputError
from grader.reports import FIRST_ERROR_LINE, Report, open_report
from grader.types import Verdict

NEWLY_FLAWED = "newly_flawed"
NEWLY_CLEARED = "newly_cleared"
VERDICT_CHANGED = "verdict_changed"
ADDED = "added"
REMOVED = "removed"
UNCHANGED = "unchanged"
CHANGES = (NEWLY_FLAWED, NEWLY_CLEARED, VERDICT_CHANGED, ADDED, REMOVED, UNCHANGED)
KINDS = [str(Verdict.COMPUTATIONAL_ERROR), str(Verdict.CONCEPTUAL_ERROR)]
NO_ANSWER = "no_answer"


class Side(NamedTuple):
    """One of the two reports; ``columns`` says where its problem and solution are, None where that is unknown."""

    report: Report
    columns: Columns | None


class Comparison(NamedTuple):
    """Two reports, matched row by row.

    ``matched_by`` is the name of the id column, None where rows are matched by content. ``rows`` has, for every row of
    either report, ``row_a row_b`` (int64 from 0, null where that report lacks it), ``key`` (string, null when matched
    by content), ``occurrence`` (of this key, from 1), ``verdict_a verdict_b``, ``content_changed`` (null unless both
    are there and their texts are known) and ``change``, one of `CHANGES`.
    """

    a: Side
    b: Side
    matched_by: str | None
    rows: pl.DataFrame


def compare(path_a: str, path_b: str, *, id_column: str | None = None) -> Comparison:
    """Match the rows of two reports, and name each row's change.

    Rows match by ``id_column``; without it by the recorded one, or the first of id, uuid, problem_id, idx, that is
    unique in both reports; else by problem and solution text, equal rows in the order in which they stand.
    Memory: some 100 bytes a row; the texts pass through.

    Raises:
        InputError: a file or the id column cannot be used, or no column of texts is known to match by.

    """
    reports = open_report(path_a), open_report(path_b)
    ids = _id_columns(*reports, id_column)
    a, b = (Side(report, _columns(report)) for report in reports)
    if ids is None:
        for side in (a, b):
            if side.columns is None:
                raise InputError(f"{side.report.path}: no problem and solution columns are known; match by --id")
    frames = [_read(side, ids[i] if ids else None) for i, side in enumerate((a, b))]
    return Comparison(a, b, ids[0] if ids else None, _join(*frames, by_id=ids is not None))


def counts(comparison: Comparison) -> dict[str, int]:
    """Count the rows by change, all of `CHANGES`."""
    found = dict(comparison.rows["change"].value_counts().iter_rows())
    return {change: int(found.get(change, 0)) for change in CHANGES}


def transitions(comparison: Comparison) -> dict[str, dict[str, int]]:
    """Count the rows of both reports by verdict: in A -> in B -> rows, ``no_answer`` (a null verdict) included."""
    names = [*map(str, Verdict), NO_ANSWER]
    table = {name: dict.fromkeys(names, 0) for name in names}
    both = comparison.rows.filter(pl.col("row_a").is_not_null() & pl.col("row_b").is_not_null())
    verdicts = both.select(pl.col("verdict_a", "verdict_b").fill_null(NO_ANSWER))
    for before, after, rows in verdicts.group_by("verdict_a", "verdict_b").len().iter_rows():
        table[before][after] = rows
    return table


def changed_rows(comparison: Comparison) -> pl.DataFrame:
    """Read what both reports say of every row that is not unchanged, in A's order, then B's.

    Columns: ``key`` (the id, or 16 hex digits of the text's SHA-256 and ``#2`` for its second occurrence), ``change``,
    ``verdict_a verdict_b``, ``message_a message_b``, ``first_error_line_a first_error_line_b``,
    ``flaw_probability_a flaw_probability_b``, ``content_changed``, ``row_a row_b`` (from 0), and ``problem solution``
    as they stand in B, or in A for a row that was removed (steps one a line, a chat as one JSON turn a line).
    """
    rows = comparison.rows.filter(pl.col("change") != UNCHANGED)
    rows = _join_columns(rows, "row_a", comparison.a, _details("a", comparison.a.report))
    rows = _join_columns(rows, "row_b", comparison.b, _details("b", comparison.b.report))
    removed = pl.col("row_b").is_null()
    # The texts are most of the memory: each is read once, from the report that it is shown from.
    kept = _join_columns(rows.filter(~removed), "row_b", comparison.b, _texts(comparison.b))
    gone = _join_columns(rows.filter(removed), "row_a", comparison.a, _texts(comparison.a))
    rows = pl.concat([kept, gone]).sort("row_a", "row_b", nulls_last=True)
    if comparison.matched_by is None:
        keys = map(_content_key, rows["problem"], rows["solution"], rows["occurrence"])
        rows = rows.with_columns(pl.Series("key", list(keys), dtype=pl.String))
    pairs = ("verdict", "message", "first_error_line", "flaw_probability")
    sides = [f"{name}_{side}" for name in pairs for side in "ab"]
    return rows.select("key", "change", *sides, "content_changed", "row_a", "row_b", "problem", "solution")


def texts_of(report: Report) -> list[pl.Expr]:
    """Give the columns ``problem`` and ``solution`` of a report as text, null where they are not known."""
    return _texts(Side(report, _columns(report)))


def _id_columns(a: Report, b: Report, wanted: str | None) -> tuple[str, str] | None:
    """Choose the id column of each report, None to match by content."""
    if wanted is not None:
        for report in (a, b):
            report.require([wanted])
            if not _is_unique(report, wanted):
                raise InputError(
                    f"{report.path}: column {wanted!r} has nulls, lists or repeated values; leave --id out"
                )
        return wanted, wanted
    names = [{column.lower(): column for column in report.schema} for report in (a, b)]
    pairs = [tuple(report.recorded().get("identifier") for report in (a, b))]
    pairs += [tuple(columns.get(name) for columns in names) for name in IDENTIFIER]
    for id_a, id_b in pairs:
        if id_a and id_b and _is_unique(a, id_a) and _is_unique(b, id_b):
            return id_a, id_b
    return None


def _is_unique(report: Report, column: str) -> bool:
    if report.schema[column].is_nested():
        return False
    values = report.collect(pl.col(column).cast(pl.String).alias("key"))["key"]
    return not values.has_nulls() and values.n_unique() == len(values)


def _columns(report: Report) -> Columns | None:
    """Find the problem and solution columns: those that the run recorded, else by their names."""
    names = report.recorded()
    schema = pl.DataFrame(schema=report.schema).to_arrow().schema
    try:
        return discover(schema, ColumnNames(names.get("problem"), names.get("solution")), report.path)
    except InputError:
        return None


def _texts(side: Side) -> list[pl.Expr]:
    """Give ``problem`` and ``solution`` as strings; a chat is one JSON turn a line under ``solution``."""
    problem = solution = pl.lit(None, dtype=pl.String)
    if side.columns is not None:
        solution = _as_text(side.columns.solution, side.columns.solution_shape)
        if side.columns.problem != side.columns.solution:
            problem = _as_text(side.columns.problem, side.columns.problem_shape)
    return [problem.alias("problem"), solution.alias("solution")]


def _as_text(column: str, shape: Shape) -> pl.Expr:
    if shape is Shape.CHAT:
        return pl.col(column).list.eval(pl.element().struct.json_encode()).list.join("\n")
    if shape is Shape.STEPS:
        return pl.col(column).cast(pl.List(pl.String)).list.join("\n")
    return pl.col(column).cast(pl.String)


def _read(side: Side, id_column: str | None) -> pl.DataFrame:
    """Read ``row verdict key hash check occurrence``; the two hashes of the texts make 128 bits, null if unknown."""
    known = pl.lit(side.columns is not None)
    texts = pl.struct(_texts(side))
    key = pl.col(id_column).cast(pl.String) if id_column else pl.lit(None, dtype=pl.String)
    rows = side.report.collect(
        side.report.verdict().alias("verdict"),
        key.alias("key"),
        pl.when(known).then(texts.hash(0)).alias("hash"),
        pl.when(known).then(texts.hash(1)).alias("check"),
    )
    side.report.check_verdicts(rows["verdict"])
    if id_column:
        return rows.with_columns(occurrence=pl.lit(1, dtype=pl.UInt32))
    return rows.with_columns(occurrence=pl.col("row").rank("ordinal").over("hash", "check").cast(pl.UInt32))


def _join(a: pl.DataFrame, b: pl.DataFrame, *, by_id: bool) -> pl.DataFrame:
    """Match the rows of two frames of `_read`: the rows of a `Comparison`."""
    keys = ["key", "occurrence"] if by_id else ["hash", "check", "occurrence"]
    a, b = (frame.rename({"row": f"row_{s}", "verdict": f"verdict_{s}"}) for frame, s in ((a, "a"), (b, "b")))
    rows = a.join(b, on=keys, how="full", coalesce=True, suffix="_b")
    if by_id:
        differs = (pl.col("hash") != pl.col("hash_b")) | (pl.col("check") != pl.col("check_b"))
    else:
        differs = pl.when(pl.col("row_a").is_not_null() & pl.col("row_b").is_not_null()).then(statement=False)
    columns = ("row_a", "row_b", "key", "occurrence", "verdict_a", "verdict_b")
    return rows.select(*columns, differs.alias("content_changed"), _change().alias("change"))


def _change() -> pl.Expr:
    before, after = pl.col("verdict_a"), pl.col("verdict_b")
    was_flawed, is_flawed = (verdict.is_in(KINDS).fill_null(value=False) for verdict in (before, after))
    return (
        pl.when(pl.col("row_a").is_null())
        .then(pl.lit(ADDED))
        .when(pl.col("row_b").is_null())
        .then(pl.lit(REMOVED))
        .when(before.eq_missing(after))
        .then(pl.lit(UNCHANGED))
        .when(is_flawed & ~was_flawed)
        .then(pl.lit(NEWLY_FLAWED))
        .when(was_flawed & ~is_flawed)
        .then(pl.lit(NEWLY_CLEARED))
        .otherwise(pl.lit(VERDICT_CHANGED))
    )


def _details(side: str, report: Report) -> list[pl.Expr]:
    message = report.optional("grade_message", pl.String())
    probability = report.optional("grade_flaw_probability", pl.Float32())
    return [
        message.cast(pl.String).alias(f"message_{side}"),
        pl.col(FIRST_ERROR_LINE).cast(pl.Int32).alias(f"first_error_line_{side}"),
        probability.cast(pl.Float32).alias(f"flaw_probability_{side}"),
    ]


def _join_columns(rows: pl.DataFrame, number: str, side: Side, columns: list[pl.Expr]) -> pl.DataFrame:
    """Add columns of one report, read for these rows only, by the row number in the column ``number``."""
    found = side.report.collect(*columns, only=rows[number].drop_nulls())
    return rows.join(found.rename({"row": number}), on=number, how="left")


def _content_key(problem: str | None, solution: str | None, occurrence: int) -> str:
    digest = hashlib.sha256(f"{problem or ''}\0{solution or ''}".encode()).hexdigest()[:16]
    return digest if occurrence == 1 else f"{digest}#{occurrence}"
