"""An annotated solution becomes a computation graph whose every number knows where it comes from.

GSM8K's solutions carry their calculations: ``48/2 = <<48/2=24>>24``. Here the numbers of the text are tied together: an
operand is the result of an earlier line, a number that the problem gives, or a constant.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from train.graph import CONSTANT, GIVEN, Graph, Number, Piece, Sign, Source, Step, number_at, value_of, value_written

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from fractions import Fraction


_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+"
_PIECE = re.compile(rf"(?P<number>{_NUMBER})(?P<percent>%?)|(?P<sign>[-+*/()×÷–−]|(?<![A-Za-z])[xX](?![A-Za-z]))")
_ANNOTATION = re.compile(rf"<<(?P<left>[^<>=]+)=(?P<right>-?(?:{_NUMBER}))>>")
_EXPRESSION = re.compile(rf"(?P<number>{_NUMBER})|(?P<sign>[-+*/()])")
_SIGNS = {"×": "*", "x": "*", "X": "*", "÷": "/", "–": "-", "−": "-"}
_FINAL = re.compile(rf"####\s*(?P<answer>-?(?:{_NUMBER}))\s*")


def annotated(problem_id: str, question: str, solution: str) -> Graph | None:
    """The graph of an annotated solution.

    None if a calculation does not stand in its line's text, does not give the stated result, or the final answer is
    none of the results: a graph whose numbers are not all understood would carry changes to the wrong places.
    """
    problem = tuple(_pieces(question, lambda _: GIVEN))
    given = {piece.value for piece in problem if isinstance(piece, Number)}
    texts = [line.strip() for line in solution.split("\n") if line.strip()]
    final = _FINAL.fullmatch(texts[-1]) if texts else None
    if final is None:
        return None
    results: dict[Fraction, int] = {}
    steps: list[Step] = []
    for index, text in enumerate(texts[:-1]):
        step = _step(text, index, results, given)
        if step is None:
            return None
        steps.append(step)
        if step.result is not None:
            results[number_at(step, step.result).value] = index
    value = value_written(final["answer"])
    if value not in results:
        return None
    answer = Number(value, Source("step", results[value]), final["answer"])
    return Graph(problem_id, problem, tuple(steps), answer)


def aligned_step(line: str) -> Step | None:
    """One line by itself, with the calculation that its annotation and its text agree on; None where they do not."""
    step = _step(line, 0, {}, set())
    return step if step is not None and step.calculates else None


def _step(text: str, index: int, results: Mapping[Fraction, int], given: set[Fraction]) -> Step | None:
    def source(value: Fraction) -> Source:
        if value in results:
            return Source("step", results[value])
        return GIVEN if value in given else CONSTANT

    annotations = list(_ANNOTATION.finditer(text))
    if not annotations:
        return None if "<<" in text else Step(tuple(_pieces(text, source)))
    if len(annotations) > 1:
        return None
    match = annotations[0]
    before, after = list(_pieces(text[: match.start()], source)), list(_pieces(text[match.end() :], source))
    found = _aligned(before, match["left"])
    if found is None or not after:
        return None
    start, stop = found
    pieces = _merged(before, start, stop) + after
    stop = len(pieces) - len(after) - (len(before) - stop)
    result = next((at for at in range(len(pieces) - len(after), len(pieces)) if isinstance(pieces[at], Number)), None)
    if result is None or not _right_behind(pieces, stop, result):
        return None
    number = pieces[result]
    assert isinstance(number, Number)
    own = Source("step", index)
    for at, piece in enumerate(pieces):  # "There are 12 hens because 3 x 4 = 12": the first 12 is the result too
        told = isinstance(piece, Number) and piece.value == number.value and piece.source == CONSTANT
        if isinstance(piece, Number) and (at == result or (told and not start <= at < stop)):
            pieces[at] = piece._replace(source=own)
    step = Step(tuple(pieces), start, stop, result)
    return step if value_of(step) == number.value else None


def _right_behind(pieces: Sequence[Piece], stop: int, result: int) -> bool:
    """Whether only ``= $`` and the like stand between the calculation and its result."""
    between = "".join(map(str, pieces[stop:result]))
    return "=" in between and not any(char.isalpha() for char in between.partition("=")[2])


def _merged(pieces: list[Piece], start: int, stop: int) -> list[Piece]:
    """The pieces with signs outside of the calculation turned back into text."""
    return [
        str(piece) if isinstance(piece, Sign) and not start <= at < stop else piece for at, piece in enumerate(pieces)
    ]


def _pieces(text: str, source: Callable[[Fraction], Source]) -> Iterator[Piece]:
    """Cut a text into numbers, signs and what is between them; ``source`` tells where a value comes from."""
    at = 0
    for match in _PIECE.finditer(text):
        if match.start() > at:
            yield text[at : match.start()]
        at = match.end()
        if match["sign"]:
            yield Sign(_SIGNS.get(match["sign"], match["sign"]), match["sign"])
            continue
        digits, percent = match["number"], bool(match["percent"])
        value = value_written(digits)
        yield Number(value, source(value), digits, percent)
    if at < len(text):
        yield text[at:]


def _aligned(pieces: list[Piece], expression: str) -> tuple[int, int] | None:
    """Where the annotated calculation stands among the pieces, found backwards from the equals sign before it.

    Every number and every sign of the annotation must stand there in its order; words and currency may stand between
    them (``5 hens * 3 eggs``), other numbers may not.
    """
    wanted = [match[0] for match in _EXPRESSION.finditer(expression)]
    if "".join(wanted) != expression.replace(" ", "") or not any(sign in "+-*/" for sign in wanted):
        return None
    at = len(pieces) - 1
    stop: int | None = None
    while at >= 0 and stop is None:
        piece = pieces[at]
        if isinstance(piece, str) and "=" in piece:
            stop = at
        elif not isinstance(piece, str):
            return None
        at -= 1
    if stop is None:
        return None
    equals = pieces[stop]
    assert isinstance(equals, str)
    while wanted:
        if at < 0:
            return None
        piece = pieces[at]
        if isinstance(piece, str):
            if "=" in piece:
                return None
        elif isinstance(piece, Sign):
            if piece.sign == wanted[-1]:
                wanted.pop()
            elif piece.sign not in "/-" or not _joins_words(pieces, at):
                return None
            else:
                pieces[at] = piece.text
        elif not _takes(piece, wanted):
            return None
        at -= 1
    if any(isinstance(piece, Sign) and piece.sign in "*/+" for piece in pieces[max(0, at - 1) : at + 1]):
        return None  # the annotation is only the end of a longer calculation
    return at + 1, stop


def _joins_words(pieces: Sequence[Piece], at: int) -> bool:
    """``eggs/day`` or ``8-week``: the sign is part of words."""
    behind = pieces[at + 1] if at + 1 < len(pieces) else ""
    return isinstance(behind, str) and behind[:1].isalpha()


def _takes(piece: Number, wanted: list[str]) -> bool:
    """Whether the number is what the calculation wants next, as a percentage if it is one; takes it if so."""
    if not piece.percent:
        if wanted[-1] in "+-*/()" or value_written(wanted[-1]) != piece.value:
            return False
        wanted.pop()
        return True
    hundredth = piece.value / 100
    if wanted[-1] not in "+-*/()" and value_written(wanted[-1]) == hundredth:
        wanted.pop()
        return True
    if len(wanted) >= 3 and wanted[-2:] in (["/", "100"], ["*", ".01"], ["*", "0.01"]) and wanted[-3] not in "+-*/()":
        if value_written(wanted[-3]) != piece.value:
            return False
        del wanted[-3:]
        return True
    return False
