"""Data sets of the library ``datasets``: the same grading, a data set in and a data set out."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING
from uuid import uuid4

import pyarrow as pa

from grader.columns import ColumnNames, discover
from grader.engines import load_pair
from grader.errors import InputError
from grader.inputs import REPORT_PREFIX
from grader.parquet_io.report import REPORT
from grader.run.chunks import Spread, chunks_of
from grader.run.graders import chunk_rows_of, part_rows_of
from grader.run.log import Log, Style
from grader.run.staff import chunk_grader

if TYPE_CHECKING:
    from datasets import Dataset

    from grader.columns import Columns
    from grader.engines import Pair
    from grader.run.graders import ChunkGrader

NAME = "the data set"


def grade_dataset(
    dataset: Dataset,
    pair: Pair | None = None,
    *,
    problem_column: str | None = None,
    solution_column: str | None = None,
    id_column: str | None = None,
    answer_column: str | None = None,
    replace_grades: bool = False,
    workers: int | None = None,
) -> Dataset:
    """Grade the rows of a ``datasets.Dataset``: its columns as they are, and behind them those of a report.

    ``pair`` is what ``load_pair`` gives, by default without options. Columns are found as ``grade`` finds them, or
    named. ``workers`` are processes as in ``grade --workers``. The rows are those of ``grade`` on the same rows. The
    result lies where ``Dataset.map`` puts it: on the disk if the data set does, else in memory.

    Raises InputError where the data set cannot be graded: no such columns, a ``DatasetDict``, a data set that streams.
    """
    from datasets import Dataset, Features  # noqa: PLC0415 only who has it can call this

    if not isinstance(dataset, Dataset):
        raise InputError(
            f"a {type(dataset).__name__} was given where a datasets.Dataset is expected; choose a split, as in "
            "load_dataset(…, split='train'), without streaming"
        )
    dataset = _without_grades(dataset, replace=replace_grades)
    named = ColumnNames(problem_column, solution_column, id_column, answer_column)
    columns = discover(dataset.features.arrow_schema, named, NAME)
    pair = pair or load_pair()
    features = Features({**dataset.features, **Features.from_arrow_schema(REPORT)})
    if not len(dataset):  # ``map`` would add no columns
        return Dataset.from_dict({name: [] for name in features}, features, split=dataset.split)
    with chunk_grader(pair, workers, Log(Style.QUIET)) as grader:
        graded = dataset.with_format("arrow").map(
            partial(_graded, grader, columns, features.arrow_schema),
            batched=True,
            batch_size=part_rows_of(pair),
            features=features,
            # Models are not hashed: a result is never taken for that of an earlier call.
            new_fingerprint=uuid4().hex,
            load_from_cache_file=False,
            desc="grade",
        )
    return graded.with_format(None)


def _graded(grader: ChunkGrader, columns: Columns, schema: pa.Schema, part: pa.Table) -> pa.Table:
    """Grade the rows of one part, and give them with the columns of the report."""
    spread = Spread()
    chunks = chunks_of(part.to_batches(), 0, columns, max(part.num_rows, 1), chunk_rows_of(grader.pair))
    reports = [spread.report(chunk, graded) for chunk, graded in grader.reports(chunks)]
    report = pa.Table.from_batches(reports, REPORT)
    return pa.Table.from_arrays([*part.columns, *report.columns], names=schema.names).cast(schema)


def _without_grades(dataset: Dataset, *, replace: bool) -> Dataset:
    graded = [name for name in dataset.column_names if name.lower().startswith(REPORT_PREFIX)]
    if graded and not replace:
        raise InputError(
            f"{NAME} already has {', '.join(graded)}; rename the columns if they are your own, or drop them with "
            "replace_grades=True"
        )
    return dataset.remove_columns(graded) if graded else dataset
