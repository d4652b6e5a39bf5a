"""Lines with a calculation, written in the many ways that people write them, and what is to be read in each.

The wording comes from annotated solutions; the numbers, the signs, the spacing and the notation are drawn anew. What
is to be read follows from the same draw, so it is exact by construction, and a wrong result is read as it stands.
"""

from __future__ import annotations

import math
import re
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from grader.numbers import NUMBER_WORDS
from train.annotate import aligned_step
from train.graph import Number, Piece, Sign, Step, number_at, places, value_of, with_piece

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable, Sequence

_WHOLE = re.compile(r"(?<![\d.,])\d{1,4}(?![\d.,]\d|\d)")
_WORDS = {value: word for word, value in NUMBER_WORDS.items() if 1 < value <= 20}
_SIGNS = {
    "*": ("*", "*", "x", "x", "×", "·", "X", "times", "multiplied by"),
    "/": ("/", "/", "/", "÷", "divided by"),
    "+": ("+", "+", "+", "plus"),
    "-": ("-", "-", "-", "–", "−", "minus"),
}
_LATEX_SIGNS = {"*": (r"\times", r"\cdot"), "/": ("/", r"\div"), "+": ("+",), "-": ("-",)}
_EQUALS = ("=", " = ", " = ", " =", "= ", " is ", " equals ")
_MATH = (("$", "$"), (r"\(", r"\)"), (r"\[ ", r" \]"), ("$$", "$$"))
_MARK = "\0"
_MARKED = re.compile(rf"( *){_MARK}([^{_MARK}]*){_MARK}( *)")
_FRONTS = (
    "",
    "So, ",
    "Then ",
    "Therefore, ",
    "Thus, ",
    "- ",
    "* ",
    "1. ",
    "2) ",
    "Step 1: ",
    "**Total:** ",
    "First, ",
    "Finally, ",
)
_NAMES = (
    "Total",
    "Cost",
    "Profit",
    "Sum",
    "Answer",
    "Distance",
    "Monday",
    "Number of items",
    "Left",
    "His age",
    "Remaining",
)
_JOINTS = ("; ", ". ", ", and ", " and ", ", so ", ". Then ", ", then ")


class Lines:
    """Lines of annotated solutions: those with a calculation that stands in their text, and those with none."""

    def __init__(self, solutions: Iterable[str]) -> None:
        self.steps: list[Step] = []
        self.plain: list[str] = []
        for solution in solutions:
            for line in map(str.strip, solution.split("\n")):
                if "<<" in line:
                    step = aligned_step(line)
                    if step is not None and "=" not in _outside(step) and str(step.pieces[step.start or 0]) != "+":
                        self.steps.append(step)
                elif line and "=" not in line and not line.startswith("####"):
                    self.plain.append(line)
        self.words = sorted({word for line in self.plain for word in re.findall(r"[a-z]{3,9}s\b", line)}) or ["apples"]

    def as_written(self) -> list[tuple[str, tuple[str, ...]]]:
        """The lines as they are, and what is to be read in each."""
        return [(step.text, (step.equation,)) for step in self.steps] + [(line, ()) for line in self.plain]

    def draw(self, random: random.Random) -> tuple[str, tuple[str, ...]]:
        """One line in one of its many spellings, and the equations that it holds."""
        kind = random.random()
        if kind < 0.02:
            return _unfinished(random.choice(self.steps), random), ()
        if kind < 0.12 and self.plain:
            return _other_numbers(random.choice(self.plain), random), ()
        line, equations = self._line(random)
        if kind < 0.18:
            first, found = self._line(random)
            return first.rstrip(". ") + random.choice(_JOINTS) + line, (*found, *equations)
        if kind < 0.24 and self.plain:
            before = _other_numbers(random.choice(self.plain), random).rstrip(". ")
            return before + random.choice(_JOINTS) + line, equations
        return line, equations

    def _line(self, random: random.Random) -> tuple[str, tuple[str, ...]]:
        step = random.choice(self.steps)
        if random.random() < 0.9:
            step = _redrawn(step, random)
        if random.random() < 0.15:
            step = _bare(step, random)
        if random.random() < 0.1:
            step = _with_units(step, self.words, random)
        if random.random() < 0.06:
            step = _longer(step, random)
        equation = step.equation
        text = _restyled(step, random) if random.random() < 0.45 else step.text
        return text, (equation,)


def _outside(step: Step) -> str:
    """The line's text without its calculation and the equals sign behind it."""
    assert step.result is not None
    return "".join(map(str, (*step.pieces[: step.start], *step.pieces[step.result :])))


def _unfinished(step: Step, random: random.Random) -> str:
    """A calculation without a result is no equation."""
    assert step.result is not None
    behind = step.result + 1
    step = _redrawn(step, random)
    return "".join(map(str, (*step.pieces[: step.stop], *step.pieces[behind:])))


def _redrawn(step: Step, random: random.Random) -> Step:
    """Other values for all numbers of the line; the same value stays the same. The result may be right or wrong."""
    assert step.result is not None
    where = step.result
    drawn: dict[Fraction, Number] = {}

    def draw(number: Number) -> Number:
        if number.value not in drawn:
            drawn[number.value] = _draw(number, random)
        new = drawn[number.value]
        return number._replace(value=new.value, style=new.style)

    step = replace(step, pieces=tuple(draw(piece) if isinstance(piece, Number) else piece for piece in step.pieces))
    result = number_at(step, where)
    if random.random() < 0.6:
        value = value_of(step)
        if value is not None and value >= 0:
            style = "1.00" if value.denominator != 1 else random.choice(("1", "1", "1", "1,000", "1.00"))
            rounded = Fraction(round(value * 100), 100)
            result = result._replace(value=rounded, style=style if rounded >= 1000 or style != "1,000" else "1")
    return with_piece(step, where, result)


def _draw(number: Number, random: random.Random) -> Number:
    """A number of the same kind, now and then of another: more digits, decimals, thousands apart."""
    kind = random.random()
    if kind < 0.15:
        return number
    if kind < 0.75:
        size = max(1.0, float(number.value)) * math.exp(random.uniform(-1.2, 1.5))
    else:
        size = math.exp(random.uniform(0, 14))
    places_shown = len(number.style.partition(".")[2])
    if random.random() < 0.1:
        places_shown = random.choice((0, 1, 1, 2, 2, 3))
    grain = 10 ** random.choice((0, 0, 0, 1, 2)) if size > 200 else 1
    value = Fraction(max(1, round(size * 10**places_shown / grain)) * grain, 10**places_shown)
    if random.random() < 0.03:
        value /= 10 ** max(1, len(str(int(value))))
        places_shown = 2
        value = Fraction(round(value * 100), 100) or Fraction(1, 4)
    text = f"{float(value):.{places_shown}f}"
    if value >= 1000 and random.random() < 0.3:
        text = f"{float(value):,.{places_shown}f}"
    if text.startswith("0.") and random.random() < 0.4:
        text = text[1:]
    return number._replace(value=Fraction(text.replace(",", "") if text[0] != "." else f"0{text}"), style=text)


def _other_numbers(line: str, random: random.Random) -> str:
    return re.sub(
        r"(?<![\d.,])\d{1,4}(?![\d.,]\d|\d)", lambda _: str(random.randint(1, 10 ** random.randint(1, 4))), line
    )


def _bare(step: Step, random: random.Random) -> Step:
    """The calculation without the words around and between, perhaps behind a name or a mark."""
    assert step.start is not None
    assert step.result is not None
    front = random.choice(_FRONTS)
    if random.random() < 0.4:
        front += random.choice(_NAMES) + random.choice((": ", " = ", " is "))
    if random.random() < 0.3:
        front += "$"
    calculation: list[Piece] = []
    for piece in step.calculation:
        if not isinstance(piece, str):
            calculation += [piece, " "]
    pieces: list[Piece] = [front, *calculation[:-1], " = ", number_at(step, step.result)]
    tail = random.choice(("", "", "", ".", " in total.", " dollars", " each.", "%"))
    stop = len(pieces) - 2
    return Step((*pieces, tail), 1, stop, len(pieces) - 1)


def _with_units(step: Step, words: Sequence[str], random: random.Random) -> Step:
    """``5 hens * 3 eggs``, ``$5 * 3``: words and currency beside the operands."""
    pieces: list[Piece] = []
    start = stop = result = 0
    last = (step.stop or 0) - 1
    for at, piece in enumerate(step.pieces):
        if at == step.start:
            start = len(pieces)
        if at == step.stop:
            stop = len(pieces)
        inside = isinstance(piece, Number) and (step.start or 0) <= at <= last
        if inside and random.random() < 0.3:
            pieces.append("$")
        if at == step.result:
            result = len(pieces)
        pieces.append(piece)
        if inside and random.random() < 0.4:
            pieces.append(" " + random.choice(words) + random.choice(("", "", "/" + random.choice(words))))
    return Step(tuple(pieces), start, stop, result)


def _longer(step: Step, random: random.Random) -> Step:
    """One term more."""
    assert step.stop is not None
    assert step.result is not None
    last = places(step, Number)[-1]
    term = _draw(number_at(step, last), random)
    sign = random.choice("+-*/")
    more: tuple[Piece, ...] = (" ", Sign(sign, sign), " ", term._replace(percent=False))
    pieces = (*step.pieces[: last + 1], *more, *step.pieces[last + 1 :])
    return Step(pieces, step.start, step.stop + 4, step.result + 4)


def _restyled(step: Step, random: random.Random) -> str:
    """The line with other signs, other spacing, number words, LaTeX."""
    assert step.result is not None
    latex = random.random() < 0.12
    signs = {sign: random.choice(_LATEX_SIGNS[sign] if latex else texts) for sign, texts in _SIGNS.items()}
    gap = random.choice(("", " ", " ", None))

    def spelled(piece: Piece) -> str:
        if isinstance(piece, Sign):
            return f"{_MARK}{signs[piece.sign]}{_MARK}" if piece.sign in signs else piece.text
        in_words = isinstance(piece, Number) and piece.value in _WORDS and not piece.percent and random.random() < 0.08
        return _WORDS[int(piece.value)] if isinstance(piece, Number) and in_words else str(piece)

    def spaced(match: re.Match[str]) -> str:
        before, sign, behind = match.groups()
        if sign[0] == "\\" or sign[0].isalpha():
            return f" {sign} "
        return f"{before}{sign}{behind}" if gap is None else f"{gap}{sign}{gap}"

    calculation = _MARKED.sub(spaced, "".join(map(spelled, step.calculation)))
    equals = "".join(map(str, step.pieces[step.stop : step.result]))
    if random.random() < 0.4:
        equals = re.sub(r" ?= ?", f"{random.choice(_EQUALS)}", equals, count=1)
    result = str(step.pieces[step.result])
    if latex:
        calculation, result = _as_latex(calculation, equals + result, random), ""
        equals = ""
    front, behind = step.pieces[: step.start], step.pieces[step.result + 1 :]
    return "".join(map(str, (*front, calculation, equals, result, *behind)))


def _as_latex(calculation: str, rest: str, random: random.Random) -> str:
    """The equation in math mode, quotients now and then as fractions, words as text."""
    one, other = random.choice(_MATH)
    if random.random() < 0.7:
        calculation = re.sub(r"(\d[\d.,]*)\s*(?:/|\\div)\s*(\d[\d.,]*)", r"\\frac{\1}{\2}", calculation)
    text = (calculation + rest).replace("$", r"\$").replace("%", r"\%")
    text = re.sub(r"(?<![\\a-zA-Z])[a-zA-Z][a-zA-Z ]{2,}", lambda match: rf"\text{{{match[0]}}}", text)
    return one + text + other
