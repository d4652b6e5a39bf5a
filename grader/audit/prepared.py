"""The data sets of a night, found and looked at before anything is graded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from grader.audit.sampling import sampled
from grader.audit.store import REPORT
from grader.columns import ColumnNames, Columns
from grader.errors import InputError
from grader.inputs import Inputs, open_inputs
from grader.run import Job, Request
from grader.types import Split

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

    from grader.audit.config import Config, Data, Gate


@dataclass(frozen=True)
class Prepared:
    """One data set whose files and columns are there."""

    data: Data
    inputs: Inputs
    columns: Columns

    def sample(self) -> Inputs:
        """Give the rows to grade."""
        one = self.data
        return sampled(self.inputs, self.columns, limit=one.limit, fraction=one.fraction, seed=one.seed)

    def job(self, folder: Path) -> Job:
        """Make the run that grades it into a folder."""
        one = self.data
        names = ("limit", "fraction", "seed")
        options = {name: getattr(one, name) for name in names if one.limit is not None or one.fraction is not None}
        apart = {Split.CLEAN: one.clean, Split.REJECTED: one.rejected}
        splits = {str(name): folder / f"{name}.parquet" for name, wanted in apart.items() if wanted}
        request = Request(one.inputs, folder / REPORT, _named(one), restart=True, splits=splits, options=options)
        return Job(request, self.sample(), self.columns)


def prepare_all(config: Config, chosen: list[Data]) -> list[Prepared]:
    """Find the inputs, columns and slices of data sets, and the labels of gold files.

    Raises InputError for the first that is not there; writes nothing.
    """
    prepared = [_prepare(one) for one in chosen]
    for gate in config.gate:
        if gate.gold is not None:
            open_gold(gate)
    return prepared


def _prepare(data: Data) -> Prepared:
    try:
        inputs = open_inputs(data.inputs)
        columns = inputs.columns(_named(data))
        for column in data.slices:
            _require(inputs.schema, column, inputs.where, "slices")
    except InputError as error:
        raise InputError(f"data set {data.name!r}: {error.args[0]}", *error.args[1:]) from error
    return Prepared(data, inputs, columns)


def open_gold(gate: Gate) -> tuple[Inputs, Columns]:
    """Open the gold file of a gate; raises InputError where it, its columns or its label cannot be found."""
    assert gate.gold is not None
    assert gate.label is not None
    try:
        inputs = open_inputs([gate.gold])
        _require(inputs.schema, gate.label, inputs.where, "label")
        return inputs, inputs.columns(ColumnNames())
    except InputError as error:
        raise InputError(f"gold of the gate {gate.measure}: {error.args[0]}", *error.args[1:]) from error


def _require(schema: pa.Schema, column: str, where: str, key: str) -> None:
    if column not in schema.names:
        raise InputError(f"{where}: there is no column {column!r} for {key}; the columns are {', '.join(schema.names)}")


def _named(data: Data) -> ColumnNames:
    return ColumnNames(data.problem_column, data.solution_column, data.id_column, data.answer_column)
