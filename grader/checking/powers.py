"""Powers that were put together wrongly, ``x^2 * x^3 = x^6`` and ``(2a^3)^4 = 16a^7``, and roots squared wrongly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.checking.arithmetic import NotRationalError, UndefinedError
from grader.checking.claims import letters_of
from grader.checking.grammar import GrammarError, parse
from grader.checking.polynomial import NotPolynomialError, degree, expand, spell
from grader.checking.rewriting import is_firm, is_multiplied_out, spelled
from grader.checking.tree import Binary, Call
from grader.limits import LimitError

if TYPE_CHECKING:
    from fractions import Fraction

    from grader.checking.claims import Claim
    from grader.checking.polynomial import Ratio

UNITS = frozenset("mglshtLb")
"""Letters that may be units: ``5 m^2 * 2 m = 10 m^2`` is another kind of slip, if any."""
COLLECTED = 2
"""The least power of what was put together: ``x * x = x`` may be an equation, or say what x is."""


def wrong_power(claim: Claim) -> str | None:
    """Say what is wrong with ``x^2 * x^3 = x^6``: one term on each side, in one letter, one of them not put together.

    Their numbers are the same, and only the powers differ: as an equation it would say that the letter is 0 or 1.
    """
    if not is_firm(claim) or len(claim.forms) > 1 or len(claim.letters) > 1 or claim.letters & UNITS:
        return None
    form, (left, right) = claim.forms[0], claim.sides()
    if letters_of(form.left) != letters_of(form.right):
        return None
    one, other = _term(form.one), _term(form.other)
    if one is None or other is None or one[0] != other[0] or one[1] == other[1]:
        return None
    collected = is_multiplied_out(form.left), is_multiplied_out(form.right)
    if all(collected) or min(abs(one[1]), abs(other[1])) < COLLECTED:
        return None
    ((letter,), (number, power)) = claim.letters, other if collected[0] else one
    written, meant = (right, left) if collected[0] else (left, right)
    if power > 0:
        return f"{written} is {spell({(letter,) * power: number})}, not {meant}"
    return f"{written} is {spell({(letter,): number})}^({power}), not {meant}"


def _term(ratio: Ratio) -> tuple[Fraction, int] | None:
    """The number and the power of one term; None where there are several."""
    if len(ratio.above) != 1 or len(ratio.below) != 1:
        return None
    ((above, number),), ((below, divisor),) = ratio.above.items(), ratio.below.items()
    return number / divisor, len(above) - len(below)


def wrong_square(claim: Claim, before: Claim) -> str | None:
    """Say what is wrong with ``2x+7 = x^2+16`` behind ``sqrt(2x+7) = x-4``: one side is squared, the other is not."""
    if not is_firm(claim) or before.forms or before.equation.doubt is not None or before.equation.approximate:
        return None
    if len(claim.forms) > 1 or len(claim.letters) != 1 or claim.letters != before.letters:
        return None
    (one, other), form, (left, right) = before.sides(), claim.forms[0], claim.sides()
    for root, base in ((one, other), (other, one)):
        squares = _squares(root, base)
        if squares is None:
            continue
        for kept, beside, written in ((form.one, form.other, right), (form.other, form.one, left)):
            same_kind = bool(degree(beside.above)) == bool(degree(squares[1].above))
            if kept == squares[0] and beside != squares[1] and same_kind:
                return f"({base})^2 is {spelled(squares[1])}, not {written}"
    return None


def _squares(root: str, base: str) -> tuple[Ratio, Ratio] | None:
    """The squares of both sides of ``sqrt(…) = …``; None where the first is no root, or one is no polynomial."""
    try:
        radical, tree = parse(root), parse(base)
        if not isinstance(radical, Call) or radical.name != "sqrt":
            return None
        return expand(radical.arguments[0]), expand(Binary("*", tree, tree))
    except (GrammarError, LimitError, NotPolynomialError, NotRationalError, UndefinedError):
        return None
