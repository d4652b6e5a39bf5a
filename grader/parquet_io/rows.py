"""Record batches of the input -> ``Solution``s."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from grader.columns import Columns, Shape, chat_fields, text_type
from grader.inputs.texts import to_python
from grader.types import Solution

if TYPE_CHECKING:
    from collections.abc import Sequence

USER_ROLES = frozenset({"user", "human"})
ASSISTANT_ROLES = frozenset({"assistant", "gpt", "model", "bot"})


def solutions_of(batch: pa.RecordBatch, columns: Columns) -> list[Solution]:
    """Read the rows of a batch, in order; no row raises.

    A null problem is the empty text, a null solution (or a chat without an assistant turn) is None.
    """
    problems: Sequence[str | None]
    texts: Sequence[str | tuple[str, ...] | None]
    if columns.problem == columns.solution:
        problems, texts = _turns(batch.column(columns.solution), paired=True)
    else:
        problems = _problems(batch.column(columns.problem), columns.problem_shape)
        texts = _solutions(batch.column(columns.solution), columns.solution_shape)
    references = _references(batch, columns.reference)
    return [
        Solution(problem or "", text, reference)
        for problem, text, reference in zip(problems, texts, references, strict=True)
    ]


def _problems(column: pa.Array, shape: Shape) -> Sequence[str | None]:
    return to_python(column) if shape is Shape.TEXT else _turns(column, paired=False)[0]


def _solutions(column: pa.Array, shape: Shape) -> Sequence[str | tuple[str, ...] | None]:
    if shape is Shape.TEXT:
        return to_python(column)
    if shape is Shape.CHAT:
        return _turns(column, paired=False)[1]
    steps = to_python(column.flatten())
    return [None if start is None else tuple(step or "" for step in steps[start:end]) for start, end in _ranges(column)]


def _references(batch: pa.RecordBatch, name: str | None) -> Sequence[str | None]:
    if name is None:
        return [None] * batch.num_rows
    column = batch.column(name)
    # Arrow writes a number as short as it can be read back: 72.0 becomes 72.
    return to_python(column if text_type(column.type) else pc.cast(column, pa.string()))


def _ranges(column: pa.Array) -> list[tuple[int, int] | tuple[None, None]]:
    """Give every row's range in ``column.flatten()`` (which leaves out what null rows hold), or None, None."""
    ranges: list[tuple[int, int] | tuple[None, None]] = []
    end = 0
    for length in pc.list_value_length(column).to_pylist():
        if length is None:
            ranges.append((None, None))
        else:
            ranges.append((end, end + length))
            end += length
    return ranges


def _turns(column: pa.Array, *, paired: bool) -> tuple[list[str | None], list[str | None]]:
    """Read problems and solutions from a chat column.

    The solution is the last assistant turn, the problem the last user turn: before that assistant turn if ``paired``,
    else of the whole chat. Only these turns are turned into Python texts.
    """
    fields = chat_fields(column.type)
    assert fields is not None, "column discovery let a column pass that is no chat"
    turns = column.flatten()
    # pc.struct_field minds null turns and slices, which StructArray.field does not.
    roles = [(role or "").lower() for role in to_python(pc.struct_field(turns, fields[0]))]
    asked: list[int | None] = []
    answered: list[int | None] = []
    for start, end in _ranges(column):
        answer = _last(roles, start or 0, end or 0, ASSISTANT_ROLES)
        before = end if not paired else answer
        asked.append(_last(roles, start or 0, before or 0, USER_ROLES))
        answered.append(answer)
    contents = pc.struct_field(turns, fields[1])
    return (
        to_python(contents.take(pa.array(asked, pa.int64()))),
        to_python(contents.take(pa.array(answered, pa.int64()))),
    )


def _last(roles: Sequence[str], start: int, end: int, wanted: frozenset[str]) -> int | None:
    return next((index for index in range(end - 1, start - 1, -1) if roles[index] in wanted), None)
