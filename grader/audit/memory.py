"""Grading that remembers: what the cache has is taken from there, the rest is graded and kept.

Three stages are kept apart, so that a change of one does not cost the others: what the extractor read on the lines of a
row, what the classifier thinks of it, and the row's report. With a new classifier the extractor's answers are found,
the classifier is asked, and reading and checking are done again, which is cheap.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import replace
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import pyarrow as pa

from grader.audit.fingerprints import key_of, stages_of
from grader.parquet_io.report import LINE, REPORT, report_batch
from grader.pipeline import Answer, Question
from grader.run.careful import ask_all
from grader.run.staff import crew_of
from grader.types import CheckStatus, Classification, RowStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from grader.audit.cache import Cache
    from grader.engines import Pair
    from grader.run import Log
    from grader.run.chunks import Chunk
    from grader.run.profile import Watch
    from grader.types import Solution

GROUP_ROWS = 1_024
GROUP_BYTES = 16 << 20
"""What is gathered before the workers get it: new rows, or bytes of the input."""
TIMED_OUT = "SYMBOLIC_SECONDS"
"""The only bound that depends on how busy the machine is: what met it is tried again the next night."""


class _Recalled(NamedTuple):
    """A chunk, the keys of its rows, and what the cache has of them."""

    chunk: Chunk
    keys: list[bytes]
    found: dict[bytes, Any]


class _Group(NamedTuple):
    """Chunks, and those of their rows that are to be graded, each once."""

    chunks: list[_Recalled]
    new: dict[bytes, Solution]

    def chunk(self) -> Chunk:
        """Give the new rows as one chunk; its batches say only where they stand."""
        batches = [batch for one in self.chunks for batch in one.chunk.batches]
        return self.chunks[0].chunk._replace(solutions=list(self.new.values()), batches=batches)


class RememberingGrader:
    """A ``grader.run.ChunkGrader`` over a crew of workers; ``counts`` says what was graded, asked and found.

    Its names: ``rows`` (equal rows of a part count once), of these ``reused``; ``graded`` (different rows); and of how
    many rows each model was asked (``extractor``, ``classifier``).
    """

    def __init__(self, pair: Pair, cache: Cache, workers: int, log: Log) -> None:
        self.pair = pair
        self.counts: Counter[str] = Counter()
        self._cache = cache
        stages = stages_of(pair)
        self._report = cache.stage(stages.report)
        self._extractor = None if stages.extractor is None else cache.stage(stages.extractor)
        self._classifier = None if stages.classifier is None else cache.stage(stages.classifier)
        self._counting = Lock()
        self._crew = crew_of(pair, workers, log, ask=self._ask)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._crew.close()

    @property
    def watch(self) -> Watch:
        """Where the time goes."""
        return self._crew.watch

    def reports(self, chunks: Iterable[Chunk]) -> Iterator[tuple[Chunk, pa.RecordBatch]]:
        """Give each chunk with the report columns of its ``solutions``, in order."""
        groups: deque[_Group] = deque()

        def unknown() -> Iterator[Chunk]:
            for group in self._groups(chunks):
                groups.append(group)
                yield group.chunk()

        for _, graded in self._crew.reports(unknown()):
            group = groups.popleft()
            with self.watch("recall"):
                self._keep(list(group.new), graded)
                places = {key: index for index, key in enumerate(group.new)}
            for recalled in group.chunks:
                with self.watch("recall"):
                    merged = _merged(recalled, places, graded)
                yield recalled.chunk, merged

    def _groups(self, chunks: Iterable[Chunk]) -> Iterator[_Group]:
        """Gather chunks until they hold enough new rows: a few of each would make small batches for the models."""
        group = _Group([], {})
        size = 0
        for chunk in chunks:
            with self.watch("recall"):
                keys = [key_of(solution) for solution in chunk.solutions]
                found = self._cache.get(self._report, keys)
                self._cache.stamp(found)
            group.chunks.append(_Recalled(chunk, keys, found))
            group.new.update((key, one) for one, key in zip(chunk.solutions, keys, strict=True) if key not in found)
            self.counts["rows"] += len(keys)
            self.counts["reused"] += sum(key in found for key in keys)
            size += sum(batch.nbytes for batch in chunk.batches)
            if len(group.new) >= GROUP_ROWS or size >= GROUP_BYTES:
                yield group
                group, size = _Group([], {}), 0
        if group.chunks:
            yield group

    def _keep(self, keys: Sequence[bytes], graded: pa.RecordBatch) -> None:
        self.counts["graded"] += len(keys)
        rows = zip(keys, graded.to_pylist(), strict=True)
        self._cache.put(self._report, {key: _listed(row) for key, row in rows if _is_lasting(row)})

    def _ask(
        self, pair: Pair, solutions: Sequence[Solution], questions: Sequence[Question | None]
    ) -> list[Answer | str | None]:
        """Put to the models of ``pair`` what they were not asked before: each model by itself.

        Called in several threads where the models work beside the run: the cache lets one in at a time.
        """
        keys = [key_of(solution) for solution in solutions]
        read = self._read(pair, keys, solutions, questions)
        judged = self._judged(pair, keys, solutions, questions)
        return [
            None if question is None else _answer(one, two)
            for question, one, two in zip(questions, read, judged, strict=True)
        ]

    def _read(
        self, pair: Pair, keys: Sequence[bytes], solutions: Sequence[Solution], questions: Sequence[Question | None]
    ) -> list[list[list[str]] | str]:
        """Give the equations of each row's lines; a text says why there are none."""
        if self._extractor is None:
            return [[] for _ in keys]
        wanted = [key for key, one in zip(keys, questions, strict=True) if one is not None and one.lines]
        known = self._cache.get(self._extractor, wanted)
        asked = [
            one if one is not None and not known.get(key, {}).keys() >= set(one.lines) else None
            for key, one in zip(keys, questions, strict=True)
        ]
        self._count("extractor", asked)
        answers = _answers(replace(pair, classifier=None), solutions, asked)
        failed: dict[bytes, str] = {}
        new: dict[bytes, dict[str, list[str]]] = {}
        for key, one, answer in zip(keys, asked, answers, strict=True):
            if isinstance(answer, str):
                failed[key] = answer
            elif one is not None and answer is not None:
                new[key] = {**known.get(key, {}), **dict(zip(one.lines, answer.equations, strict=True))}
        self._cache.put(self._extractor, new)
        lines = known | new
        return [
            failed[key] if key in failed else [lines[key][line] for line in (one.lines if one is not None else ())]
            for key, one in zip(keys, questions, strict=True)
        ]

    def _count(self, model: str, asked: Sequence[Question | None]) -> None:
        with self._counting:  # other threads ask too
            self.counts[model] += sum(one is not None for one in asked)

    def _judged(
        self, pair: Pair, keys: Sequence[bytes], solutions: Sequence[Solution], questions: Sequence[Question | None]
    ) -> list[Classification | str | None]:
        """Give what the classifier thinks of each row; a text says why it does not."""
        if self._classifier is None:
            return [None] * len(keys)
        known = self._cache.get(self._classifier, keys)
        asked = [
            Question([], []) if one is not None and key not in known else None
            for key, one in zip(keys, questions, strict=True)
        ]
        self._count("classifier", asked)
        answers = _answers(replace(pair, extractor=None), solutions, asked)
        judged: dict[bytes, Classification | str | None] = {
            key: Classification(flawed, tuple(by_line), truncated)
            for key, (flawed, by_line, truncated) in known.items()
        }
        new: dict[bytes, Any] = {}
        for key, answer in zip(keys, answers, strict=True):
            if isinstance(answer, Answer):
                judged[key] = answer.classification
                new[key] = answer.classification
            elif answer is not None:
                judged[key] = answer
        self._cache.put(self._classifier, new)
        return [judged.get(key) for key in keys]


def _answer(read: list[list[str]] | str, judged: Classification | str | None) -> Answer | str:
    """Put the two models' answers together; the reason why there is none of one of them is that of the row."""
    if isinstance(read, str):
        return read
    return judged if isinstance(judged, str) else Answer(read, judged)


def _answers(pair: Pair, solutions: Sequence[Solution], asked: Sequence[Question | None]) -> list[Answer | str | None]:
    """Ask the models, if there is anything to ask."""
    return ask_all(pair, solutions, asked) if any(one is not None for one in asked) else [None] * len(asked)


def _merged(recalled: _Recalled, places: Mapping[bytes, int], graded: pa.RecordBatch) -> pa.RecordBatch:
    """Bring the rows of a chunk that were found, and those that were graded, into its order."""
    found = {key: len(graded) + index for index, key in enumerate(recalled.found)}
    rows = pa.array([found[key] if key in found else places[key] for key in recalled.keys], pa.int64())
    batches = [graded, report_batch(list(recalled.found.values()))] if found else [graded]
    return pa.concat_batches(batches).take(rows)


def _listed(row: dict[str, Any]) -> list[Any]:
    """Turn a row of the report into lists, as ``report_batch`` takes it: names would be most of what is stored."""
    values = [row[name] for name in REPORT.names[:-1]]
    plain = [field.name for field in LINE if field.name != "equations"]
    lines = [
        [*(line[name] for name in plain), [[*one.values()] for one in line["equations"]]] for line in row["grade_lines"]
    ]
    return [*values, lines]


def _is_lasting(row: dict[str, Any]) -> bool:
    """Whether a result is the same tomorrow: a row that failed, or an equation that ran out of time, may not be."""
    if row["grade_status"] == RowStatus.FAILED:
        return False
    checks = (one for line in row["grade_lines"] for one in line["equations"])
    return not any(one["status"] == CheckStatus.LIMIT and TIMED_OUT in (one["detail"] or "") for one in checks)
