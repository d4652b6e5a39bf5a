"""Results that a solution writes rounded and carries on unrounded: ``85 / 12 = 7.08`` and then ``7.08 * 5 = 35.42``.

Whoever calculates with a machine does so. An equation that fails is judged once more with the calculation in the place
of its rounded result; where it then comes out, it is ``rounded``, and the detail names the calculation. Only failing
equations come here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from grader.checking.rounding import INTEGER_QUOTIENT
from grader.numbers import RELATION
from grader.types import CheckStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from grader.types import Equation, EquationCheck

_DECIMAL = re.compile(r"(?<![\d.,])\d+\.\d+(?![\d.%])")
_READ = re.compile(r"(?:pi|roots|powers) read ")
_PLAIN = frozenset(("rounded", "truncated", "about", None))
"""Details of outcomes that need no unusual reading."""
MAX_CHARACTERS = 200
"""Of a calculation with the calculations that its numbers stand for: it would double with every line."""
MAX_TRIED = 3
"""Rounded numbers of one equation that are carried on one by one, where all together do not make it true."""


def carried_on(
    equations: Sequence[Equation], checks: Sequence[EquationCheck], check: Callable[[Equation], EquationCheck]
) -> list[EquationCheck]:
    """The checks of a solution's equations, in order, with those that fail for their rounded numbers alone mended."""
    calculations: dict[str, str] = {}
    found: list[EquationCheck] = []
    for equation, one in zip(equations, checks, strict=True):
        mended = one
        if one.status is CheckStatus.FAILS and calculations:
            mended = _mended(equation, one, calculations, check)
        found.append(mended)
        if mended.status is CheckStatus.ROUNDED or _holds_with_decimals(mended):
            _learn(calculations, mended.text)
    return found


def _holds_with_decimals(check: EquationCheck) -> bool:
    """``sqrt(3)*100 = 1.73*100``: it holds with a root, a power or π read as the decimals that stand there."""
    return check.status is CheckStatus.HOLDS and check.detail is not None and _READ.match(check.detail) is not None


def _learn(calculations: dict[str, str], text: str) -> None:
    """Keep what a rounded side stands for: a decimal, or a calculation with decimals that a chain goes on with."""
    left, right = RELATION.split(text)
    if _DECIMAL.fullmatch(left):
        left, right = right, left
    if left != right:
        whole = _whole(left, calculations)
        calculations[right] = whole if len(whole) <= MAX_CHARACTERS else left
        units, point, decimals = right.partition(".")
        if point and units.isdecimal() and decimals.isdecimal() and units.strip("0"):
            # "21.818 min", then "0.818 * 60"
            calculations.setdefault(f"0.{decimals}", f"{calculations[right]}-{units}")


def _whole(side: str, calculations: dict[str, str]) -> str:
    """A side with the calculations that its rounded numbers stand for."""
    if side in calculations:
        return calculations[side]
    return _DECIMAL.sub(lambda number: _in_brackets(calculations.get(number[0], number[0])), side)


def _in_brackets(side: str) -> str:
    return side if re.fullmatch(r"[\d.]+", side) else f"({side})"


def _mended(
    equation: Equation, one: EquationCheck, calculations: dict[str, str], check: Callable[[Equation], EquationCheck]
) -> EquationCheck:
    relation = RELATION.search(equation.text)
    assert relation is not None
    left, right = RELATION.split(equation.text)
    for known in _tried(left, calculations):
        side = _whole(left, known)
        again = check(equation._replace(text=f"{side}{relation[0]}{right}"))
        if again.detail == INTEGER_QUOTIENT and left in known:
            return one._replace(status=CheckStatus.ROUNDED, detail=INTEGER_QUOTIENT)  # "17/3 = 5.67 = 6"
        if again.status in (CheckStatus.HOLDS, CheckStatus.ROUNDED) and again.detail in _PLAIN:
            names = " and ".join(f"{written} is {calculation}" for written, calculation in known.items())
            return one._replace(status=CheckStatus.ROUNDED, detail=f"carried on unrounded: {names}")
    return one


def _tried(side: str, calculations: dict[str, str]) -> list[dict[str, str]]:
    """What of a side is replaced, in the order in which it is tried: all of it, then one number alone."""
    if side in calculations:
        return [{side: calculations[side]}]
    known = {number: calculations[number] for number in _DECIMAL.findall(side) if number in calculations}
    single = [{number: calculation} for number, calculation in known.items()]
    return [known, *single[:MAX_TRIED]] if len(known) > 1 else single
