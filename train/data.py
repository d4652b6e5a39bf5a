"""What the two adapters are trained on: the examples, the files they are read from, and the split by problem.

Three kinds of file (Parquet, JSON Lines, CSV), told apart by their columns:

- annotated solutions: a problem and a solution with calculator annotations (``48/2 = <<48/2=24>>24``); both adapters,
- a labelled table: problem, solution, label, and where known ``first_error_line``; the classifier,
- lines: ``line`` and ``equation``; the extractor.
"""

from __future__ import annotations

import hashlib
import math
import re
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from grader.columns import ColumnNames, list_type, text_type
from grader.errors import InputError
from grader.inputs import open_inputs
from grader.inputs.paths import resolve
from grader.lines import split_lines, without_annotations
from grader.parquet_io.rows import solutions_of
from grader.prompts import parse_equations

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa

    from grader.inputs import Inputs

IGNORED = -100
"""The label of what carries no loss (source: PyTorch's ``ignore_index``)."""
LABEL_COLUMNS = ("label", "error_type", "verdict", "is_correct")
LINE_COLUMN = "first_error_line"
FORMS = (
    "a training file has the columns line and equation, or problem and solution with a label "
    f"({', '.join(LABEL_COLUMNS)}), or problem and a solution with annotations such as <<48/2=24>>"
)
_CORRECT = frozenset({"correct", "true", "1", "1.0"})
_FLAWED = frozenset(
    {"flawed", "incorrect", "wrong", "false", "0", "0.0", "error", "computational_error", "conceptual_error"}
)
MAX_SHARE_PROBLEMS = 500
"""At most so many problems are kept for validation, and as many for the held-out table."""


class AnnotatedSolution(NamedTuple):
    """A right solution whose calculations are annotated, and the problem that it solves."""

    problem_id: str
    problem: str
    solution: str


class ExtractorExample(NamedTuple):
    """A line as the extractor sees it and the equations it is to write, none for a line that calculates nothing."""

    line: str
    equations: tuple[str, ...]
    problem_id: str


class ClassifierExample(NamedTuple):
    """A solution by lines, without annotations, and what is known of it.

    ``first_error_line`` counts from 1; None for a correct solution, and where a flawed one's line is not known.
    ``seed`` made the example, 0 where it was read from a file.
    """

    problem: str
    lines: tuple[str, ...]
    flawed: bool
    first_error_line: int | None
    error_type: str
    seed: int
    problem_id: str

    def labels(self, *, whole: bool = False) -> list[int]:
        """The label of every line's end: 0 correct so far, 1 flawed, ``IGNORED`` where the line carries no loss.

        Correct up to the first error line and flawed at it; nothing behind it but the last line, which carries the
        label of the whole. With ``whole``, or where the line of a flaw is not known, the last line alone.
        """
        labels = [IGNORED] * len(self.lines)
        if not whole and not self.flawed:
            labels = [0] * len(self.lines)
        elif not whole and self.first_error_line is not None:
            before = self.first_error_line - 1
            labels[:before] = [0] * before
            labels[before] = 1
        labels[-1] = int(self.flawed)
        return labels


class Corpus(NamedTuple):
    """What the files hold, by what can be made of it; ``notes`` says of each file what was read and left out."""

    annotated: list[AnnotatedSolution]
    classified: list[ClassifierExample]
    lines: list[ExtractorExample]
    notes: list[str]


def read_corpus(arguments: Sequence[str]) -> Corpus:
    """Read the files, folders and globs that the arguments name.

    Raises InputError where a file is unreadable or none of the three kinds, naming the file, column and row.
    """
    corpus = Corpus([], [], [], [])
    for path in resolve(arguments):
        inputs = open_inputs([str(path)])
        names = {name.lower(): name for name in inputs.schema.names}
        if "line" in names and "equation" in names:
            corpus.notes.append(_read_lines(inputs, names["line"], names["equation"], corpus.lines))
        else:
            corpus.notes.append(_read_solutions(inputs, names, corpus))
    return corpus


def problem_key(problem: str) -> str:
    """The same name for the same problem, whatever file it stands in and whatever numbers were drawn for it."""
    plain = re.sub(r"\d[\d,.]*", "#", " ".join(problem.lower().split()))
    return hashlib.sha256(plain.encode("utf-8", "replace")).hexdigest()[:16]


def _read_lines(inputs: Inputs, line: str, equation: str, into: list[ExtractorExample]) -> str:
    kinds = {name: inputs.schema.field(name).type for name in (line, equation)}
    if not text_type(kinds[line]):
        raise InputError(f"{inputs.where}: column {line!r} is {kinds[line]}; it must be text, one line a row")
    if not text_type(kinds[equation]) and not (list_type(kinds[equation]) and text_type(kinds[equation].value_type)):
        raise InputError(
            f"{inputs.where}: column {equation!r} is {kinds[equation]}; it must be text or a list of texts, "
            "such as 48/2=24, and empty for a line that calculates nothing"
        )
    empty = before = len(into)
    for row in _rows(inputs, [line, equation]):
        text, found = (row[line] or "").strip(), row[equation]
        if not text:
            empty += 1
            continue
        into.append(ExtractorExample(text, _equations(found), problem_key(text)))
    return f"{inputs.where}: {len(into) - before} lines with their equations; {empty - before} empty ones left out"


def _equations(found: str | Sequence[str | None] | None) -> tuple[str, ...]:
    """The equations of a row: a list, one text in ``<eq>`` tags, or one equation."""
    if isinstance(found, str):
        found = parse_equations(found) if "<eq>" in found else [found]
    return tuple(text.strip() for text in found or () if text and text.strip())


def _read_solutions(inputs: Inputs, names: dict[str, str], corpus: Corpus) -> str:
    try:
        columns = inputs.columns(ColumnNames())
    except InputError as error:
        raise InputError(error.args[0], FORMS) from None
    label = next((names[name] for name in LABEL_COLUMNS if name in names), None)
    at = names.get(LINE_COLUMN)
    before, left_out, beyond, row = len(corpus.annotated) + len(corpus.classified), 0, 0, 0
    for batch in inputs.batches():
        labels = batch.column(label).to_pylist() if label else [None] * batch.num_rows
        lines = batch.column(at).to_pylist() if at else [None] * batch.num_rows
        for solution, value, error_line in zip(solutions_of(batch, columns), labels, lines, strict=True):
            row += 1
            text = solution.solution
            if not text or not split_lines(text) or (label and value is None):
                left_out += 1
            elif label:
                where = f"{inputs.where}, row {row}"
                example = _classified(solution.problem, text, value, _error_line(error_line, where), (where, label))
                if example.first_error_line and example.first_error_line > len(example.lines):
                    beyond += 1
                    example = example._replace(first_error_line=None)
                corpus.classified.append(example)
            elif isinstance(text, str) and "<<" in text:
                key = problem_key(solution.problem)
                corpus.annotated.append(AnnotatedSolution(key, solution.problem, text))
            else:
                left_out += 1
    used = len(corpus.annotated) + len(corpus.classified) - before
    if not used:
        where = f"column {label!r} holds no label" if label else f"column {columns.solution!r} holds no annotations"
        raise InputError(f"{inputs.where}: {where}, so there is nothing to learn from; {FORMS}")
    what = f"solutions labelled in {label!r}" if label else "annotated solutions"
    odd = f"; {beyond} error lines behind the last line are taken as not known" if beyond else ""
    return f"{inputs.where}: {used} {what}; {left_out} rows left out{odd}"


def _classified(
    problem: str, text: str | tuple[str, ...], label: Any, error_line: int | None, where: tuple[str, str]
) -> ClassifierExample:
    row, column = where
    value = str(label).strip().lower()
    if value not in _CORRECT | _FLAWED:
        allowed = "correct, flawed (incorrect, wrong), true, false, computational_error, conceptual_error"
        raise InputError(f"{row}: column {column!r} has the label {label!r}; allowed are {allowed}, or null")
    lines = tuple(without_annotations(line.text) for line in split_lines(text))
    flawed = value in _FLAWED
    kind = "correct" if not flawed else value if value.endswith("_error") else "flawed"
    return ClassifierExample(problem, lines, flawed, error_line if flawed else None, kind, 0, problem_key(problem))


def _error_line(value: Any, row: str) -> int | None:
    """The labelled line; null, empty, 0 and negative mean that it is not known."""
    if value is None or value == "":
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not number.is_integer():
        raise InputError(
            f"{row}: column {LINE_COLUMN!r} is {value!r}; give the number of a line counted from 1, or null"
        )
    return int(number) if number >= 1 else None


def _rows(inputs: Inputs, columns: list[str]) -> Iterator[dict[str, Any]]:
    batch: pa.RecordBatch
    for batch in inputs.batches():
        yield from batch.select(columns).to_pylist()


Example = TypeVar("Example", ExtractorExample, ClassifierExample)


class Split(NamedTuple):
    """Three parts of the examples that share no problem: to learn from, to choose by, and to report on."""

    train: list[Any]
    validation: list[Any]
    heldout: list[Any]


def split_by_problem(examples: Sequence[Example], seed: int, validation: float, heldout: float) -> Split:
    """Split the examples by problem: the shares are of problems, one at least and ``MAX_SHARE_PROBLEMS`` at most.

    Which part a problem falls into depends on the seed, on its own key and on which other problems there are, not on
    the order of the examples. Raises InputError where there are fewer than three problems.
    """
    keys = sorted({example.problem_id for example in examples}, key=lambda key: _drawn(seed, key))
    if len(keys) < 3:
        raise InputError(
            f"the data hold {len(keys)} different problems; at least 3 are needed, one each to train on, to validate "
            "on and to hold out: give more with --data"
        )
    counts = [max(1, min(round(share * len(keys)), MAX_SHARE_PROBLEMS)) for share in (validation, heldout)]
    part = dict.fromkeys(keys[: counts[0]], 1) | dict.fromkeys(keys[counts[0] : sum(counts)], 2)
    parts: tuple[list[Example], list[Example], list[Example]] = ([], [], [])
    for example in examples:
        parts[part.get(example.problem_id, 0)].append(example)
    if not parts[0]:
        raise InputError(
            f"of {len(keys)} problems none is left to train on; lower the shares validation and heldout in --config"
        )
    return Split(*parts)


def _drawn(seed: int, key: str) -> str:
    return hashlib.sha256(f"{seed}:{key}".encode()).hexdigest()
