"""What a run and its worker processes say to each other: one Arrow stream a message, nothing pickled.

A message is a record batch whose metadata hold its kind, the number of its task and notes. Kinds: ``rows`` and
``answers`` go to a worker; ``ready``, ``beat``, ``questions`` and ``report`` come back.
"""

from __future__ import annotations

import json
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa

from grader.inputs.texts import to_arrow
from grader.pipeline import Answer, Question
from grader.types import Classification, Solution

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from multiprocessing.connection import Connection

KEY = b"message"
TEXTS = pa.list_(pa.string())
QUESTIONS = pa.schema([("asked", pa.bool_()), ("lines", TEXTS), ("drafts", pa.list_(TEXTS))])
ANSWERS = pa.schema(
    [
        ("answered", pa.bool_()),
        ("equations", pa.list_(TEXTS)),
        ("flawed", pa.float64()),
        ("by_line", pa.list_(pa.float64())),
        ("truncated", pa.bool_()),
        ("failed", pa.string()),
    ]
)
NO_COLUMNS = pa.record_batch([], schema=pa.schema([]))


class Message(NamedTuple):
    """One message, received."""

    kind: str
    task: int
    notes: dict[str, Any]
    batch: pa.RecordBatch


def pack(kind: str, task: int = -1, batch: pa.RecordBatch = NO_COLUMNS, **notes: Any) -> bytes:
    """Make the bytes of a message; ``notes`` are values that JSON knows."""
    header = json.dumps({"kind": kind, "task": task, "notes": notes})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema.with_metadata({KEY: header})) as stream:
        if batch.num_rows:
            stream.write_batch(batch)
    data: bytes = sink.getvalue().to_pybytes()
    return data


def unpack(data: bytes) -> Message:
    """Read a message; its columns lie in ``data``, without a copy."""
    with pa.ipc.open_stream(data) as stream:
        header = json.loads(stream.schema.metadata[KEY])
        bare = stream.schema.remove_metadata()
        batches = [pa.RecordBatch.from_arrays(batch.columns, schema=bare) for batch in stream]
    return Message(**header, batch=batches[0] if batches else pa.RecordBatch.from_pylist([], schema=bare))


class Line:
    """One end of a connection: two threads move the bytes, so that neither end ever waits for the other to listen.

    ``deliver`` is called in a thread of its own, with each message and at last, when the other end is gone, with None.
    """

    def __init__(self, connection: Connection, deliver: Callable[[bytes | None], None]) -> None:
        self._connection = connection
        self._deliver = deliver
        self._outgoing: SimpleQueue[bytes | None] = SimpleQueue()
        for work in (self._receive, self._send):
            Thread(target=work, daemon=True).start()

    def send(self, data: bytes) -> None:
        """Hand over a message to be sent."""
        self._outgoing.put(data)

    def _send(self) -> None:
        with suppress(OSError):  # the other end is gone: _receive tells
            while (data := self._outgoing.get()) is not None:
                self._connection.send_bytes(data)

    def _receive(self) -> None:
        with suppress(OSError, EOFError):
            while True:
                self._deliver(self._connection.recv_bytes())
        self._outgoing.put(None)
        self._deliver(None)


def from_solutions(solutions: Sequence[Solution]) -> pa.RecordBatch:
    """Put rows into a batch: a solution is a text, or a list of steps where any of the rows has steps."""
    problems = to_arrow([row.problem for row in solutions], pa.string())
    texts = [row.solution for row in solutions]
    steps = any(isinstance(text, tuple) for text in texts)
    answers = to_arrow([row.reference for row in solutions], pa.string())
    columns = {"problem": problems, "solution": to_arrow(texts, TEXTS if steps else pa.string()), "reference": answers}
    return pa.record_batch(columns)


def to_solutions(batch: pa.RecordBatch) -> list[Solution]:
    """Take rows out of a batch that ``from_solutions`` made."""
    texts = batch.column("solution").to_pylist()
    if pa.types.is_list(batch.schema.field("solution").type):
        texts = [None if steps is None else tuple(steps) for steps in texts]
    problems, references = batch.column("problem").to_pylist(), batch.column("reference").to_pylist()
    return [Solution(*row) for row in zip(problems, texts, references, strict=True)]


def from_questions(questions: Sequence[Question | None]) -> pa.RecordBatch:
    """Put what the models are asked into a batch."""
    columns = [
        to_arrow([question is not None for question in questions], pa.bool_()),
        to_arrow([question and question.lines for question in questions], TEXTS),
        to_arrow([question and question.drafts for question in questions], pa.list_(TEXTS)),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=QUESTIONS)


def to_questions(batch: pa.RecordBatch) -> list[Question | None]:
    """Take the questions out of a batch."""
    return [Question(row["lines"], row["drafts"]) if row["asked"] else None for row in batch.to_pylist()]


def from_answers(answers: Sequence[Answer | str | None]) -> pa.RecordBatch:
    """Put what the models said into a batch; a text says why a row could not be answered."""
    rows = [_answer_row(answer) for answer in answers]
    columns = [to_arrow([row.get(field.name) for row in rows], field.type) for field in ANSWERS]
    return pa.RecordBatch.from_arrays(columns, schema=ANSWERS)


def _answer_row(answer: Answer | str | None) -> dict[str, Any]:
    if answer is None:
        return {"answered": False}
    if isinstance(answer, str):
        return {"answered": False, "failed": answer}
    judged = answer.classification
    row = {"answered": True, "equations": answer.equations}
    return row if judged is None else {**row, **judged._asdict()}


def to_answers(batch: pa.RecordBatch) -> list[Answer | str | None]:
    """Take the answers out of a batch."""
    return [_answer(row) for row in batch.to_pylist()]


def _answer(row: dict[str, Any]) -> Answer | str | None:
    if not row["answered"]:
        failed: str | None = row["failed"]
        return failed
    judged = None
    if row["flawed"] is not None:
        judged = Classification(row["flawed"], tuple(row["by_line"]), row["truncated"])
    return Answer(row["equations"], judged)
