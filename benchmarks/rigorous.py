"""The rigorous score: whether the equation that was read is the equation that stands in the line.

Two equations are the same when both their sides have the same exact value and the same sequence of operators
(``0.5*48=24`` is not ``48/2=24``). The evaluator here is small and knows nothing of the grader's own, so that
one mistake cannot hide the other. It never calls ``eval``.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAX_EXPONENT = 20
MAX_PERCENTS = 3
SIGNS = str.maketrans(dict.fromkeys("×·⋅xX", "*") | dict.fromkeys("−–", "-") | dict.fromkeys("$€£", "") | {"÷": "/"})
RELATION = re.compile(r"[=≈]")
TOKEN = re.compile(r"\d+(?:\.\d+)?|\.\d+|[-+*/^()]")
# What `10%` may stand for: `10/100`, `10*0.01`, `0.1`, and, as a label, `10`.
PERCENTS = ("/100", "*0.01", "e-2", "")


class Side(NamedTuple):
    """One side of an equation: its exact value and its operators in the order of the text."""

    value: Fraction
    operators: str


class UnreadableError(ValueError):
    """The text is not plain arithmetic."""


def same_equation(predicted: str, gold: str) -> bool:
    """Say whether a predicted equation equals the gold one on both sides."""
    found, wanted = sides(predicted), sides(gold)
    return len(found) == len(wanted) and all(a & b for a, b in zip(found, wanted, strict=True))


def same_reading(predicted: Sequence[str], gold: str) -> bool:
    """Say whether a reading equals the gold: nothing for ``''``, else any equation or any stretch of a chain."""
    if not gold:
        return not predicted
    return any(same_equation(candidate, gold) for candidate in _with_chains(predicted))


def _with_chains(equations: Sequence[str]) -> Iterator[str]:
    """Yield every equation, and ``a=c`` for neighbours ``a=b``, ``b=c``."""
    for start, equation in enumerate(equations):
        yield equation
        left, *rest = RELATION.split(equation)
        end = "".join(rest)
        for following in equations[start + 1 :]:
            middle, *rest = RELATION.split(following)
            if middle != end:
                break
            end = "".join(rest)
            yield f"{left}={end}"


@lru_cache(maxsize=4096)
def sides(equation: str) -> tuple[frozenset[Side], ...]:
    """Every side of an equation under each meaning of its percent signs; empty where it is no plain arithmetic."""
    return tuple(frozenset(_readings(side)) for side in RELATION.split(equation))


def _readings(side: str) -> Iterator[Side]:
    """Yield a side under each meaning of its percent signs; nothing where it is not plain arithmetic."""
    text = re.sub(r"[\s,_]", "", side.translate(SIGNS).replace("**", "^"))
    pieces = text.split("%")
    if len(pieces) > MAX_PERCENTS + 1:
        return
    for meaning in product(PERCENTS, repeat=len(pieces) - 1):
        try:
            yield _Evaluator("".join(p + m for p, m in zip(pieces, (*meaning, ""), strict=True))).side()
        except (UnreadableError, ZeroDivisionError):
            continue


class _Evaluator:
    """Recursive descent over + - * / ^, parentheses, decimals; ``12e-2`` is how a percent as a number is spelled."""

    def __init__(self, text: str) -> None:
        text = re.sub(r"([\d)])e-2", r"\1h", text)
        self.tokens = re.findall(rf"{TOKEN.pattern}|h", text)
        if "".join(self.tokens) != text or not text:
            raise UnreadableError(text)
        self.at = 0
        self.operators = ""

    def side(self) -> Side:
        value = self._sum()
        if self.at != len(self.tokens):
            raise UnreadableError(self.tokens[self.at])
        return Side(value, self.operators)

    def _peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def _operator(self, allowed: str) -> str:
        """Take the next token if it is one of the allowed operators, else give ''."""
        token = self._peek()
        if not token or token not in allowed:
            return ""
        self.at += 1
        self.operators += token
        return token

    def _sum(self) -> Fraction:
        value = self._product()
        while operator := self._operator("+-"):
            other = self._product()
            value = value + other if operator == "+" else value - other
        return value

    def _product(self) -> Fraction:
        value = self._signed()
        while True:
            operator = self._operator("*/")
            if not operator and self._peek() == "(":  # 2(3+4)
                operator = "*"
                self.operators += operator
            if not operator:
                return value
            other = self._signed()
            value = value * other if operator == "*" else value / other

    def _signed(self) -> Fraction:
        """Read a number with its sign and power; the sign is not counted as an operator."""
        if self._peek() in {"-", "+"}:
            self.at += 1
            return self._signed() if self.tokens[self.at - 1] == "+" else -self._signed()
        value = self._atom()
        if self._operator("^"):
            exponent = self._signed()
            if exponent.denominator != 1 or abs(exponent) > MAX_EXPONENT:
                raise UnreadableError(f"^{exponent}")
            value **= int(exponent)
        return value

    def _atom(self) -> Fraction:
        token = self._peek()
        self.at += 1
        if token == "(":
            value = self._sum()
            if self._peek() != ")":
                raise UnreadableError("(")
            self.at += 1
        elif token[:1].isdigit() or token[:1] == ".":
            value = Fraction(token)
        else:
            raise UnreadableError(token)
        if self._peek() == "h":
            self.at += 1
            value /= 100
        return value
