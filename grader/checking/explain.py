"""What is wrong with an equation, in its own numbers."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from grader.checking.arithmetic import show
from grader.checking.tree import Node, traits
from grader.checking.units import plural
from grader.numbers import RELATION

if TYPE_CHECKING:
    from grader.types import Equation


def explain(text: str, a: Fraction, one: Node, b: Fraction, other: Node, *, dollars: bool = False) -> str:
    """Say what is wrong, in the equation's own numbers: ``12*5 is 60, not 50``, ``$60, not $50``, ``25%, not 30%``."""
    left, right = (shortened(side) for side in RELATION.split(text))
    if traits(other).literal is None:
        if traits(one).literal is None:
            return f"{left} is {say(a)}, but {right} is {say(b)}"
        return f"{right} is {say(b)}, not {left}"
    if traits(one).literal is not None:
        return f"{left} is not {right}"
    if right.endswith("%") and abs(a) < 10 * abs(b):
        return f"{left} is {_in_front(say(a * 100), '')}%, not {right}"
    if not dollars:
        return f"{left} is {say(a)}, not {right}"
    return f"{left} is {_in_front(_to_cents(a), '$')}, not ${right}"


def _to_cents(value: Fraction) -> str:
    """An amount of money: whole, or with its two decimals."""
    text = say(value)
    return f"{text}0" if len(text.partition(".")[2]) == 1 and not text.startswith("about") else text


def _in_front(value: str, sign: str) -> str:
    """The sign right before the number: ``about $3.33``, ``-$5``."""
    about, number = ("about ", value[6:]) if value.startswith("about ") else ("", value)
    return f"{about}-{sign}{number[1:]}" if number.startswith("-") else f"{about}{sign}{number}"


def explain_conversion(equation: Equation, converted: Fraction) -> str:
    """``3 hours is 180 minutes, not 160``: what a stated conversion should have said."""
    left, right = RELATION.split(equation.text)
    have, want = equation.left_units[0], equation.right_units[0]
    return f"{_measured(left, have)} is {_measured(say(converted), want)}, not {right}"


def _measured(number: str, unit: str) -> str:
    if unit == "$":
        return f"${number}"
    return f"{number} {unit if number == '1' else plural(unit)}"


def shortened(side: str) -> str:
    """Cut a side to ``MAX_QUOTED`` characters."""
    return side if len(side) <= MAX_QUOTED else f"{side[: MAX_QUOTED - 1]}…"


MAX_QUOTED = 120
"""Characters of a side that a message quotes."""


def say(value: Fraction) -> str:
    """Write a value for a person: exact where it is short, ``about 3.3333`` elsewhere."""
    exact = show(value)
    if "/" not in exact and len(exact) <= 20:
        return exact
    size = abs(value)
    if size >= 10**15:
        return f"about {'-' if value < 0 else ''}10^{len(str(int(size))) - 1}"
    if size > Fraction(1, 1000):
        return f"about {float(value):.4f}".rstrip("0").rstrip(".")
    return exact if len(exact) <= 20 else f"about {float(value):.4g}"
