"""The computation graph of a solution: lines of text whose numbers know where they come from.

A change of one value or of one operator is carried through to all that follows from it, in the calculations and in the
words around them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Literal, NamedTuple

from grader.checking.arithmetic import NotRationalError, UndefinedError, evaluate
from grader.checking.grammar import GrammarError, parse
from grader.limits import LimitError
from grader.marks import IMPLIED
from grader.numbers import NUMBER_WORDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_WORDS = re.compile("[a-z]+")


class Source(NamedTuple):
    """Where a number comes from: ``step`` and the index of its line, ``given`` by the problem, or ``constant``."""

    kind: Literal["step", "given", "constant"]
    line: int = -1


CONSTANT = Source("constant")
GIVEN = Source("given")


class Number(NamedTuple):
    """A number of the text: its value, its source, and how it was first written, which is the style of other values."""

    value: Fraction
    source: Source
    style: str
    percent: bool = False

    def __str__(self) -> str:
        return written(self)


class Sign(NamedTuple):
    """An operator or a bracket of a calculation: what it means, and the text that stands for it."""

    sign: str
    text: str

    def __str__(self) -> str:
        return self.text


Piece = str | Number | Sign


@dataclass(frozen=True)
class Step:
    """One line: its pieces, and where among them the calculation and its result stand.

    ``pieces[start:stop]`` is the calculation, ``pieces[result]`` what it gives; all three are None for a line that
    calculates nothing, or whose annotation does not stand in its text.
    """

    pieces: tuple[Piece, ...]
    start: int | None = None
    stop: int | None = None
    result: int | None = None

    @property
    def calculates(self) -> bool:
        """Whether the line holds a calculation."""
        return self.result is not None

    @property
    def calculation(self) -> tuple[Piece, ...]:
        """The pieces of the calculation, words between them included."""
        return self.pieces[self.start : self.stop]

    @property
    def text(self) -> str:
        """The line as it is read."""
        return "".join(map(str, self.pieces))

    @property
    def equation(self) -> str:
        """The calculation without its words: ``48/2=24``."""
        assert self.result is not None
        return f"{''.join(symbol_of(piece) for piece in self.calculation)}={symbol_of(self.pieces[self.result])}"


@dataclass(frozen=True)
class Graph:
    """A problem and its solution: ``steps`` are its lines without the final one, ``answer`` what that one states."""

    problem_id: str
    problem: tuple[Piece, ...]
    steps: tuple[Step, ...]
    answer: Number

    @property
    def question(self) -> str:
        """The problem's text."""
        return "".join(map(str, self.problem))

    @property
    def given(self) -> dict[Fraction, int]:
        """The numbers that the problem gives, and how often."""
        found: dict[Fraction, int] = {}
        for piece in self.problem:
            if isinstance(piece, Number):
                found[piece.value] = found.get(piece.value, 0) + 1
        return found


class CarryError(ValueError):
    """A changed value makes a later calculation impossible, such as a division by nothing."""


def carried(
    graph: Graph,
    *,
    given: Mapping[Fraction, Fraction] | None = None,
    forced: Mapping[int, Fraction] | None = None,
    problem: bool = False,
) -> Graph:
    """The graph with every calculation done anew, each result carried to wherever it is used or told.

    ``given`` changes values that the problem gives (in its own text too if ``problem``), ``forced`` sets the results of
    lines by their index. Raises ``CarryError`` where a calculation has no value.
    """
    changed, results = given or {}, dict(forced or {})

    def current(number: Number) -> Number:
        if number.source.kind == "given":
            return number._replace(value=changed.get(number.value, number.value))
        return number._replace(value=results.get(number.source.line, number.value))

    def filled(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
        return tuple(current(piece) if isinstance(piece, Number) else piece for piece in pieces)

    steps = []
    for index, step in enumerate(graph.steps):
        if step.calculates and index not in results:
            value = value_of(replace(step, pieces=filled(step.pieces)))
            if value is None:
                raise CarryError(f"line {index + 1} has no value")
            results[index] = value
        steps.append(replace(step, pieces=filled(step.pieces)))
    text = filled(graph.problem) if problem else graph.problem
    return replace(graph, problem=text, steps=tuple(steps), answer=current(graph.answer))


def value_of(step: Step) -> Fraction | None:
    """What the line's calculation gives, exactly; None where that is no number."""
    parts = (
        f"({piece.value / 100 if piece.percent else piece.value})" if isinstance(piece, Number) else symbol_of(piece)
        for piece in step.calculation
    )
    try:
        return evaluate(parse("".join(parts)))
    except (GrammarError, UndefinedError, NotRationalError, LimitError):
        return None


def written(number: Number) -> str:
    """The number in its own style: grouped thousands, at least its decimals, and at most two where it needs more."""
    percent = "%" if number.percent else ""
    if value_written(number.style) == number.value:
        return number.style + percent
    at_least = len(number.style.partition(".")[2])
    places = next((few for few in (0, 1) if few >= at_least and (number.value * 10**few).denominator == 1), 2)
    places = max(places, at_least)
    whole, rest = divmod(round(abs(number.value) * 10**places), 10**places)
    text = f"{whole:,}" if "," in number.style else str(whole)
    if places:
        text += f".{rest:0{places}d}"
    return f"{'-' if number.value < 0 else ''}{text}{percent}"


def result_of(step: Step) -> Number:
    """What the line's calculation is said to give."""
    assert step.result is not None
    number = step.pieces[step.result]
    assert isinstance(number, Number)
    return number


def places(step: Step, kind: type[Number | Sign]) -> list[int]:
    """Where numbers or signs of the calculation stand among the line's pieces."""
    assert step.start is not None
    assert step.stop is not None
    return [at for at in range(step.start, step.stop) if isinstance(step.pieces[at], kind)]


def sign_at(step: Step, at: int) -> str:
    """The meaning of the sign at that place."""
    piece = step.pieces[at]
    assert isinstance(piece, Sign)
    return piece.sign


def number_at(step: Step, at: int) -> Number:
    """The number at that place."""
    piece = step.pieces[at]
    assert isinstance(piece, Number)
    return piece


def with_piece(step: Step, at: int, piece: Piece) -> Step:
    """The line with another number or sign at that place."""
    return replace(step, pieces=(*step.pieces[:at], piece, *step.pieces[at + 1 :]))


def symbol_of(piece: Piece) -> str:
    """What the piece is in a calculation: a number, a sign, or nothing."""
    if isinstance(piece, Number):
        return str(piece).replace(",", "")
    return piece.sign if isinstance(piece, Sign) else ""


def value_written(text: str) -> Fraction:
    """The value of a written number: ``1,200``, ``.5``."""
    text = text.replace(",", "")
    return Fraction(f"0{text}") if text.startswith(".") else Fraction(text)


def said_in_words(text: str) -> set[Fraction]:
    """Values that the text may mean by words: a digit of the same value cannot be changed without them."""
    words = set(_WORDS.findall(text.lower()))
    return {Fraction(value) for table in (NUMBER_WORDS, IMPLIED) for word, value in table.items() if word in words}
