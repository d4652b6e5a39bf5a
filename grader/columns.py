"""Which columns hold the problem and the solution: found by name and type, or named by the user.

Source of the rules: docs/report-format.md, "Input".
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa

from grader.errors import InputError, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

PROBLEM = ("problem", "question", "prompt", "instruction", "query", "input")
SOLUTION = ("solution", "answer", "response", "generated_solution", "completion", "output", "generation", "steps")
CHAT = ("messages", "conversations")
IDENTIFIER = ("id", "uuid", "problem_id", "idx")
REFERENCE = ("expected_answer", "ground_truth", "reference_answer", "final_answer")

CHAT_FIELDS = (("role", "content"), ("from", "value"))
MAX_COLUMNS_SHOWN = 30


class Shape(StrEnum):
    """How a column holds its text: one string, a list of steps, or a list of chat turns."""

    TEXT = "text"
    STEPS = "steps"
    CHAT = "chat"


class ColumnNames(NamedTuple):
    """The columns that the user named; None where discovery decides."""

    problem: str | None = None
    solution: str | None = None
    identifier: str | None = None
    reference: str | None = None


class Columns(NamedTuple):
    """The columns of one run and how they hold their text.

    ``problem`` and ``solution`` are the same column where a chat column holds both.
    """

    problem: str
    solution: str
    identifier: str | None
    reference: str | None
    problem_shape: Shape
    solution_shape: Shape

    def sentence(self) -> str:
        """Say the choice in one line for people."""
        parts = [f"problem from {self.problem!r}", f"solution from {self.solution!r}"]
        if self.solution_shape is not Shape.TEXT:
            parts[1] += f" ({self.solution_shape})"
        if self.identifier:
            parts.append(f"id from {self.identifier!r}")
        parts.append(f"reference answer from {self.reference!r}" if self.reference else "no reference answer")
        return "columns: " + ", ".join(parts)


def discover(schema: pa.Schema, named: ColumnNames, where: str, owners: Mapping[str, str] | None = None) -> Columns:
    """Choose the columns to grade; ``where`` names the input in messages, ``owners`` the file that has a column.

    Raises InputError where a column is missing, ambiguous, or of a type that holds no text.
    """
    finder = _Finder(schema.names, where)
    taken = {finder.exactly(name, option) for name, option in zip(named, _OPTIONS, strict=True) if name}
    chat = _chat(finder, schema, named)
    problem = finder.named(named.problem) or finder.first(PROBLEM, taken) or chat
    solution = finder.named(named.solution) or _solution(finder, taken, problem, chat)
    if problem is None or solution is None:
        raise InputError(*finder.nothing_found(problem, solution))
    taken |= {problem, solution}
    identifier = finder.named(named.identifier) or finder.first(IDENTIFIER, taken)
    reference = finder.named(named.reference) or finder.first((*REFERENCE, "answer"), taken)
    owners = owners or {}
    problem_shape = _shape(schema, problem, "problem", owners.get(problem, where))
    solution_shape = _shape(schema, solution, "solution", owners.get(solution, where))
    if problem == chat and solution_shape is not Shape.CHAT:
        raise InputError(
            f"{where}: the chat column {chat!r} is {schema.field(problem).type}, not a list of role and content; "
            "parse it, or name columns with --problem-column and --solution-column"
        )
    if problem == solution and solution_shape is not Shape.CHAT:
        raise InputError(
            f"{where}: {problem!r} cannot be both the problem and the solution: name two different columns"
        )
    if reference and not _is_reference(schema.field(reference).type):
        if named.reference:
            raise InputError(
                f"{where}: the reference column {reference!r} is {schema.field(reference).type}, neither text nor "
                "number; name another one with --answer-column"
            )
        reference = None
    return Columns(problem, solution, identifier, reference, problem_shape, solution_shape)


def text_type(kind: pa.DataType) -> bool:
    """Tell whether a column of this type holds one text a row (all nulls count as text)."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(
        pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_string_view(kind)
        or pa.types.is_null(kind)
    )


def list_type(kind: pa.DataType) -> bool:
    """Tell whether the type is one of Arrow's lists."""
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def chat_fields(kind: pa.DataType) -> tuple[str, str] | None:
    """Give the names of a chat column's role and text fields, or None where the type is no chat."""
    if not list_type(kind) or not pa.types.is_struct(kind.value_type):
        return None
    fields = {field.name: field.type for field in kind.value_type}
    for role, content in CHAT_FIELDS:
        if role in fields and content in fields and text_type(fields[role]) and text_type(fields[content]):
            return role, content
    return None


_OPTIONS = ("--problem-column", "--solution-column", "--id-column", "--answer-column")


class _Finder(NamedTuple):
    columns: Sequence[str]
    where: str

    def matches(self, name: str) -> list[str]:
        return [column for column in self.columns if column.lower() == name.lower()]

    def exactly(self, name: str, option: str) -> str:
        """Find a column that the user named: as written, else in another case."""
        if self.columns.count(name) == 1:
            return name
        found = self.matches(name)
        if not found:
            raise InputError(f"{self.where}: there is no column {name!r} for {option}; {self.there()}")
        return self._only(found)

    def named(self, name: str | None) -> str | None:
        return self.exactly(name, "") if name else None

    def first(self, names: Iterable[str], taken: set[str]) -> str | None:
        """Find the first of the names that is there and not taken for another role."""
        for name in names:
            found = [column for column in self.matches(name) if column not in taken]
            if found:
                return self._only(found)
        return None

    def _only(self, found: list[str]) -> str:
        if len(found) > 1:
            names = " and ".join(map(repr, found))
            raise InputError(
                f"{self.where}: the columns {names} differ in case alone; name the right one with "
                "--problem-column, --solution-column, --id-column or --answer-column, or rename one"
            )
        return found[0]

    def there(self) -> str:
        if not self.columns:
            return "the input has no columns"
        shown = ", ".join(map(printable, self.columns[:MAX_COLUMNS_SHOWN]))
        more = len(self.columns) - MAX_COLUMNS_SHOWN
        return f"the columns are: {shown}" + (f" and {more} more" if more > 0 else "")

    def nothing_found(self, problem: str | None, solution: str | None) -> tuple[str, str]:
        lacking = [role for role, found in (("problem", problem), ("solution", solution)) if found is None]
        options = " and ".join(f"--{role}-column" for role in lacking)
        found = f"{self.where}: no {' and no '.join(lacking)} column was found; {self.there()}"
        return found, f"Name it with {options}."


def _chat(finder: _Finder, schema: pa.Schema, named: ColumnNames) -> str | None:
    """Find the chat column that may hold both problem and solution: the named solution where it is one."""
    solution = finder.named(named.solution)
    if solution and chat_fields(schema.field(solution).type):
        return solution
    return finder.first(CHAT, set())


def _solution(finder: _Finder, taken: set[str], problem: str | None, chat: str | None) -> str | None:
    """Choose the solution: ``answer`` is a reference answer beside any other solution column.

    A chat column is another solution column only where the problem comes from it too: beside a plain problem, the
    plain ``answer`` beats the chat.
    """
    free = taken if problem is None else taken | {problem}
    others = finder.first([name for name in SOLUTION if name != "answer"], free)
    answer = None if chat is not None and problem == chat else finder.first(["answer"], free)
    return others or answer or chat


def _shape(schema: pa.Schema, column: str, role: str, where: str) -> Shape:
    kind = schema.field(column).type
    if text_type(kind):
        return Shape.TEXT
    if chat_fields(kind) is not None:
        return Shape.CHAT
    if role == "solution" and list_type(kind) and text_type(kind.value_type):
        return Shape.STEPS
    if _has_parts(kind):
        raise InputError(
            f"{where}: the turns of the chat column {column!r} hold content in parts (lists of objects); "
            "join the text parts of each turn into one text first"
        )
    accepted = "text, a list of texts (steps) or a chat" if role == "solution" else "text or a chat"
    raise InputError(
        f"{where}: the {role} column {column!r} is {kind}; it must be {accepted} "
        f"(a list of role and content). Convert it, or name another one with --{role}-column"
    )


def _has_parts(kind: pa.DataType) -> bool:
    """Whether the type is a chat but for its texts, which are lists."""
    if not list_type(kind) or not pa.types.is_struct(kind.value_type):
        return False
    fields = {field.name: field.type for field in kind.value_type}
    return any(role in fields and content in fields and list_type(fields[content]) for role, content in CHAT_FIELDS)


def _is_reference(kind: pa.DataType) -> bool:
    return bool(text_type(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))
