"""Powers of one letter that were put together wrongly: ``x^2 * x^3 = x^6``, ``(2a^3)^4 = 16a^7``, ``x^6/x^2 = x^3``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.checking.claims import letters_of
from grader.checking.polynomial import spell
from grader.checking.rewriting import is_firm, is_multiplied_out

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
